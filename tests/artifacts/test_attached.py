"""Files that are attached to an artifact: moved beside it, checked by their checksum, freed with it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ecgbench.artifacts import ArtifactStore, DamagedArtifactWarning, _attached, _files
from ecgbench.errors import ArtifactError, NotStoredError
from tests.artifacts.stores import Computed, constant, files, never, python

NAME, CONTENT = "signal.f32", b"0123456789"


def writing(path: Path, content: bytes = CONTENT) -> Callable[[], Computed]:
    def write() -> Computed:
        path.write_bytes(content)
        return constant(len(content))()

    return write


def compute(store: ArtifactStore, content: bytes = CONTENT, renew: bool = False) -> dict[str, object]:
    path = store.scratch("s", "k") / NAME
    return dict(store.compute("s", "k", writing(path, content), renew=renew, attached=path).info)


def content(store: ArtifactStore) -> bytes:
    return store.attached("s", "k", NAME).read_bytes()


def test_attached_file_is_moved_beside_the_artifact_not_copied(store: ArtifactStore) -> None:
    path = store.scratch("s", "k") / NAME
    inodes: list[int] = []

    def write() -> Computed:
        path.write_bytes(CONTENT)
        inodes.append(path.stat().st_ino)
        return constant(1)()

    store.compute("s", "k", write, attached=path)
    placed = store.attached("s", "k", NAME)
    assert (placed.parent, placed.stat().st_ino, placed.read_bytes()) == (store.root / "s", inodes[0], CONTENT)
    assert files(store) == [f"s/{placed.name}", "s/k.safetensors"]


def test_artifact_with_an_attached_file_comes_from_the_store(store: ArtifactStore) -> None:
    compute(store)
    found = store.compute("s", "k", never, attached=store.scratch("s", "k") / NAME)
    assert (found.cached, found.info, found.attached[NAME].size) == (True, {"value": len(CONTENT)}, len(CONTENT))


def test_file_that_is_not_attached_is_named(store: ArtifactStore) -> None:
    with pytest.raises(NotStoredError):
        store.attached("s", "k", NAME)
    compute(store)
    with pytest.raises(ArtifactError, match=rf"expected other attached to .*k\.safetensors, got {NAME}; name another file"):
        store.attached("s", "k", "other")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "truncated": lambda path: path.write_bytes(CONTENT[:-1]),
    "longer": lambda path: path.write_bytes(CONTENT + b"x"),
    "absent": lambda path: path.unlink(),
    "flipped bit": lambda path: path.write_bytes(b"1" + CONTENT[1:]),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damaged_attached_file_is_set_aside_with_its_artifact_and_made_anew(store: ArtifactStore, damage: Callable[[Path], object]) -> None:
    compute(store)
    placed = store.attached("s", "k", NAME)
    damage(placed)
    damaged = {"k.safetensors"} | ({placed.name} if placed.exists() else set())
    with pytest.warns(DamagedArtifactWarning, match=r"expected the artifact .*s.k.* as it was stored.*computed anew"):
        assert compute(store) == {"value": len(CONTENT)}
    assert content(store) == CONTENT
    assert {path.name for path in (store.root / "damaged").glob("*/*")} == damaged


def test_attached_file_is_hashed_once_a_process_as_long_as_it_is_the_same(store: ArtifactStore, monkeypatch: pytest.MonkeyPatch) -> None:
    compute(store)
    digest, hashed = _attached._digest, []
    monkeypatch.setattr(_attached, "_digest", lambda path: (hashed.append(path.name), digest(path))[1])
    monkeypatch.setattr(_attached, "_verified", set())
    time.sleep(2 * _attached.SETTLED)
    for _ in range(3):
        content(store)
    assert len(hashed) == 1
    store.attached("s", "k", NAME).touch()
    time.sleep(2 * _attached.SETTLED)
    content(store)
    content(store)
    assert len(hashed) == 2


@pytest.mark.parametrize("settled", [False, True])
def test_flipped_bit_is_found_in_the_same_process_though_the_time_of_modification_says_nothing(store: ArtifactStore, settled: bool) -> None:
    compute(store)
    if settled:
        time.sleep(2 * _attached.SETTLED)
    placed = store.attached("s", "k", NAME)
    before = placed.stat()
    placed.write_bytes(b"1" + CONTENT[1:])
    os.utime(placed, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(NotStoredError, match="got a damaged one"):
        content(ArtifactStore(store.root, computing=False))


def test_link_is_not_attached(store: ArtifactStore, tmp_path: Path) -> None:
    path = store.scratch("s", "k") / NAME
    (tmp_path / "elsewhere").write_bytes(CONTENT)
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ArtifactError, match="as a file to attach, got a link"):
        store.compute("s", "k", constant(1), attached=path)
    assert list(store) == []


def test_another_process_hashes_the_file_again(store: ArtifactStore) -> None:
    compute(store)
    placed = store.attached("s", "k", NAME)
    placed.write_bytes(b"1" + CONTENT[1:])
    child = python("import sys; from ecgbench.artifacts import ArtifactStore as A; print(A(sys.argv[1], False).get('s', 'k'))", store.root)
    assert "NotStoredError: expected the stored s k, got a damaged one" in child.communicate(timeout=60)[1]


def test_renewed_artifact_replaces_the_attached_file_and_a_mapping_of_it_lives_on(store: ArtifactStore) -> None:
    compute(store, np.arange(4, dtype=np.float32).tobytes())
    mapped = np.memmap(store.attached("s", "k", NAME), dtype=np.float32, mode="r")
    compute(store, b"other", renew=True)
    assert content(store) == b"other"
    assert mapped.tolist() == [0, 1, 2, 3]
    assert len(files(store)) == 2
    store.compute("s", "k", constant(1), renew=True)
    assert files(store) == ["s/k.safetensors"]


def test_renewed_artifact_with_the_same_file_keeps_it(store: ArtifactStore) -> None:
    compute(store)
    compute(store, renew=True)
    assert content(store) == CONTENT
    assert len(files(store)) == 2


def test_size_counts_the_attached_file_and_prune_of_the_stage_frees_it(store: ArtifactStore) -> None:
    compute(store)
    size = store.size("s", "k")
    assert size == len(CONTENT) + (store.root / "s" / "k.safetensors").stat().st_size
    assert store.prune("s") == size
    assert files(store) == []


@pytest.mark.parametrize("earlier", [False, True], ids=["absent", "earlier"])
def test_failed_function_leaves_the_earlier_artifact(store: ArtifactStore, earlier: bool) -> None:
    if earlier:
        compute(store)
    path = store.scratch("s", "k") / NAME

    def failing() -> Computed:
        path.write_bytes(b"half")
        raise AssertionError("failed")

    with pytest.raises(AssertionError, match="failed"):
        store.compute("s", "k", failing, renew=True, attached=path)
    assert list(store) == [("s", "k")] * earlier
    assert compute(store) == {"value": len(CONTENT)}
    assert content(store) == CONTENT


def test_function_that_does_not_write_its_file_is_an_artifact_error(store: ArtifactStore) -> None:
    with pytest.raises(ArtifactError, match=r"expected to write .*s.k.*, got No such file"):
        store.compute("s", "k", constant(1), attached=store.scratch("s", "k") / NAME)
    assert files(store) == []


@pytest.mark.parametrize("earlier", [False, True], ids=["absent", "earlier"])
def test_artifact_that_cannot_be_written_leaves_no_attached_file(
    store: ArtifactStore, monkeypatch: pytest.MonkeyPatch, earlier: bool
) -> None:
    if earlier:
        compute(store)
    before = files(store)

    def full(path: Path, data: bytes) -> None:
        path.write_bytes(data[:1])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(_files, "_write_through", full)
        with pytest.raises(ArtifactError, match=r"expected to write .*s.k.*, got No space left on device"):
            compute(store, b"other", renew=True)
    assert files(store) == before
    assert not earlier or content(store) == CONTENT
