"""Files that are attached to an artifact: moved into its folder, checked by their size, freed with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ecgbench.artifacts import ARRAYS, RECORD, ArtifactStore, DamagedArtifactWarning, _artifact
from ecgbench.errors import ArtifactError
from tests.artifacts.stores import Computed, constant, hidden, never, python

NAME, CONTENT = "signal.f32", b"0123456789"


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "store")


def writing(path: Path, content: bytes = CONTENT) -> Callable[[], Computed]:
    def write() -> Computed:
        path.write_bytes(content)
        return constant(len(content))()

    return write


def compute(store: ArtifactStore, content: bytes = CONTENT, renew: bool = False) -> dict[str, object]:
    path = store.scratch("s", "k") / NAME
    return dict(store.compute("s", "k", writing(path, content), renew=renew, attached=path).info)


def test_attached_file_is_moved_into_the_artifacts_folder(store: ArtifactStore) -> None:
    compute(store)
    assert sorted(path.name for path in store.folder("s", "k").iterdir()) == sorted([ARRAYS, RECORD, NAME])
    assert (store.folder("s", "k") / NAME).read_bytes() == CONTENT
    assert not (store.scratch("s", "k") / NAME).exists()


def test_artifact_with_an_attached_file_comes_from_the_store(store: ArtifactStore) -> None:
    compute(store)
    found = store.compute("s", "k", never, attached=store.scratch("s", "k") / NAME)
    assert (found.cached, found.info) == (True, {"value": len(CONTENT)})
    assert np.array_equal(found.arrays["a"], np.full(3, len(CONTENT)))


def test_name_of_the_attached_file_is_kept(store: ArtifactStore) -> None:
    path = store.scratch("s", "k") / "other.bin"
    store.compute("s", "k", writing(path), attached=path)
    assert (store.folder("s", "k") / "other.bin").read_bytes() == CONTENT


DAMAGES: dict[str, Callable[[Path], object]] = {
    "truncated": lambda path: path.write_bytes(CONTENT[:-1]),
    "longer": lambda path: path.write_bytes(CONTENT + b"x"),
    "empty": lambda path: path.write_bytes(b""),
    "absent": lambda path: path.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_attached_file_of_another_size_is_set_aside_with_its_artifact_and_made_anew(
    store: ArtifactStore, damage: Callable[[Path], object]
) -> None:
    compute(store)
    damage(store.folder("s", "k") / NAME)
    with pytest.warns(DamagedArtifactWarning, match=r"expected the artifact .*s.k to match its checksum.*computed anew"):
        assert compute(store, b"anew") == {"value": 4}
    assert (store.folder("s", "k") / NAME).read_bytes() == b"anew"
    assert [path.name for path in (store.root / "damaged").glob("*/*")] == ["k"]


def test_size_in_the_record_cannot_be_edited(store: ArtifactStore) -> None:
    compute(store)
    record = store.folder("s", "k") / RECORD
    record.write_text(record.read_text().replace(f'"{NAME}": 10', f'"{NAME}": 9'))
    (store.folder("s", "k") / NAME).write_bytes(CONTENT[:-1])
    with pytest.warns(DamagedArtifactWarning):
        assert store.get("s", "k") is None


def test_renewed_artifact_replaces_the_attached_file(store: ArtifactStore) -> None:
    compute(store)
    assert compute(store, b"other", renew=True) == {"value": 5}
    assert (store.folder("s", "k") / NAME).read_bytes() == b"other"
    assert not hidden(store)


def test_renewed_artifact_without_an_attached_file_has_none(store: ArtifactStore) -> None:
    compute(store)
    store.compute("s", "k", constant(1), renew=True)
    assert sorted(path.name for path in store.folder("s", "k").iterdir()) == [ARRAYS, RECORD]


def test_mapping_outlives_the_replacement_of_its_file(store: ArtifactStore) -> None:
    compute(store, np.arange(4, dtype=np.float32).tobytes())
    mapped = np.memmap(store.folder("s", "k") / NAME, dtype=np.float32, mode="r")
    compute(store, np.zeros(4, dtype=np.float32).tobytes(), renew=True)
    assert mapped.tolist() == [0, 1, 2, 3]


def test_size_counts_the_attached_file(store: ArtifactStore) -> None:
    compute(store)
    with_file = store.size("s", "k")
    (store.folder("s", "k") / NAME).unlink()
    assert with_file - store.size("s", "k") == len(CONTENT)


def test_prune_of_the_stage_frees_the_attached_file(store: ArtifactStore) -> None:
    compute(store)
    size = store.size("s", "k")
    assert store.prune("s") == size > len(CONTENT)
    assert not list(store.root.rglob(NAME))


def test_prune_frees_what_was_set_aside_and_what_was_left_unfinished(store: ArtifactStore) -> None:
    compute(store)
    (store.folder("s", "k") / ARRAYS).write_bytes(b"")
    with pytest.warns(DamagedArtifactWarning):
        store.get("s", "k")
    (store.scratch("s", "other") / NAME).write_bytes(b"12345")
    record = next((store.root / "damaged").rglob(RECORD)).stat().st_size
    assert store.prune() == len(CONTENT) + record + 5
    assert not list(store.root.rglob(NAME))


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
    assert not hidden(store)
    assert compute(store) == {"value": len(CONTENT)}
    assert (store.folder("s", "k") / NAME).read_bytes() == CONTENT


def test_function_that_does_not_write_its_file_is_an_artifact_error(store: ArtifactStore) -> None:
    with pytest.raises(ArtifactError, match=r"expected to write .*s.k, got No such file"):
        store.compute("s", "k", constant(1), attached=store.scratch("s", "k") / NAME)
    assert list(store) == []
    assert not hidden(store)


@pytest.mark.parametrize("earlier", [False, True], ids=["absent", "earlier"])
def test_artifact_that_cannot_be_written_leaves_no_attached_file(
    store: ArtifactStore, monkeypatch: pytest.MonkeyPatch, earlier: bool
) -> None:
    if earlier:
        compute(store)

    def full(path: Path, data: bytes) -> None:
        path.write_bytes(data[:1])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(_artifact, "_write_through", full)
        with pytest.raises(ArtifactError, match=r"expected to write .*s.k, got No space left on device"):
            compute(store, b"other", renew=True)
    assert not hidden(store)
    assert [path.read_bytes() for path in store.root.rglob(NAME)] == [CONTENT] * earlier


KILLED = """
import os, signal, sys
from pathlib import Path
from ecgbench.artifacts import ArtifactStore, _artifact
store, step = ArtifactStore(Path(sys.argv[1])), sys.argv[2]
path = store.scratch("s", "k") / "signal.f32"
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
def write():
    path.write_bytes(b"half")
    if step == "in the function":
        die()
    return {}, {"value": 0}
if step == "after the move":
    _artifact._write_through = die
store.compute("s", "k", write, renew=True, attached=path)
"""


@pytest.mark.parametrize("step", ["in the function", "after the move"])
@pytest.mark.parametrize("earlier", [False, True], ids=["absent", "earlier"])
def test_killed_process_leaves_nothing_that_is_read(store: ArtifactStore, step: str, earlier: bool) -> None:
    if earlier:
        compute(store)
    child = python(KILLED, store.root, step)
    assert child.wait(60) == -9, child.communicate()
    child.communicate()
    assert list(store) == [("s", "k")] * earlier
    assert compute(store) == {"value": len(CONTENT)}
    assert (store.folder("s", "k") / NAME).read_bytes() == CONTENT
    store.prune()
    assert [path.relative_to(store.root).as_posix() for path in store.root.rglob(NAME)] == [f"s/k/{NAME}"]


def test_attached_file_is_moved_not_copied(store: ArtifactStore) -> None:
    path = store.scratch("s", "k") / NAME
    inodes: list[int] = []

    def write() -> Computed:
        path.write_bytes(CONTENT)
        inodes.append(path.stat().st_ino)
        return constant(1)()

    store.compute("s", "k", write, attached=path)
    assert (store.folder("s", "k") / NAME).stat().st_ino == inodes[0]
