"""Damaged artifacts are found whatever byte changed, set aside, and computed anew."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ecgbench.artifacts import Artifact, ArtifactStore, DamagedArtifactWarning, DamageError, OtherLayoutWarning, _damage
from ecgbench.artifacts._encoding import decode
from ecgbench.errors import ArtifactError, NotStoredError
from tests.artifacts.files import OLD, signed
from tests.artifacts.stores import constant, files, never

DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda data: data[: len(data) // 2],
    "empty": lambda data: b"",
    "zeroed": lambda data: bytes(len(data)),
    "longer": lambda data: data + b"x",
    "shifted": lambda data: b"\xff" + data,
    "endless header": lambda data: b"\xff" * 8 + data[8:],
    "other header": lambda data: (2).to_bytes(8, "little") + b"{}",
}


@pytest.fixture
def path(store: ArtifactStore) -> Path:
    return store.root / "s" / "k.safetensors"


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damaged_artifact_is_set_aside_and_computed_anew_with_a_warning(
    store: ArtifactStore, path: Path, damage: Callable[[bytes], bytes]
) -> None:
    store.compute("s", "k", constant(1))
    damaged = damage(path.read_bytes())
    path.write_bytes(damaged)
    with pytest.warns(DamagedArtifactWarning, match=r"expected the artifact .*s.k.* as it was stored.*computed anew"):
        artifact = store.compute("s", "k", constant(2))
    assert artifact.info == {"value": 2}
    assert [aside.read_bytes() for aside in (store.root / "damaged").rglob(path.name)] == [damaged]
    assert store.compute("s", "k", never).info == {"value": 2}


@pytest.mark.parametrize("change", [0x01, 0x20, 0x80], ids=["lowest bit", "case of a letter", "highest bit"])
def test_change_of_any_byte_is_damage(store: ArtifactStore, path: Path, change: int) -> None:
    store.merge("s", "k", {"auc": ({"a": np.arange(3)}, {"text": "é"}, 1.5)})
    content = path.read_bytes()
    for position in range(len(content)):
        with pytest.raises(DamageError, match=r"."):
            decode("s", "k", content[:position] + bytes([content[position] ^ change]) + content[position + 1 :])
    assert list(decode("s", "k", content).entries) == ["auc"]


def test_many_threads_that_meet_a_damaged_artifact_set_it_aside_once_and_compute_it_once(store: ArtifactStore, path: Path) -> None:
    store.compute("s", "k", constant(1))
    path.write_bytes(b"")
    calls, results, barrier = [], [], threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        results.append(store.compute("s", "k", lambda: (calls.append(1), ({}, {"value": 2}))[1]).info)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (len(calls), len(caught), results) == (1, 1, [{"value": 2}] * 4)


def test_read_of_an_artifact_that_is_being_replaced_never_sets_the_new_one_aside(
    store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put("s", "k", {"a": np.zeros(3)}, {"value": 1})
    read, calls = _damage.read, []

    def torn(path: Path) -> Artifact:
        calls.append(path)
        if len(calls) == 1:
            raise DamageError("half old, half new")
        return read(path)

    monkeypatch.setattr(_damage, "read", torn)
    found = store.get("s", "k")
    assert found is not None
    assert found.info == {"value": 1}


def test_artifact_that_may_not_be_read_is_no_damage(store: ArtifactStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(_: Path) -> Artifact:
        raise PermissionError(13, "Permission denied")

    store.put("s", "k", {}, {})
    with monkeypatch.context() as patch:
        patch.setattr(_damage, "read", forbidden)
        with pytest.raises(ArtifactError, match=r"expected to read .*k\.safetensors, got Permission denied"):
            store.get("s", "k")
    assert store.get("s", "k") is not None


def test_damaged_artifact_that_cannot_be_moved_is_named(store: ArtifactStore, path: Path) -> None:
    store.put("s", "k", {}, {})
    path.write_bytes(b"")
    (store.root / "damaged").write_text("in the way")
    with pytest.raises(ArtifactError, match="damaged"):
        store.get("s", "k")
    assert "s/k.safetensors" in files(store)


def test_artifacts_of_the_layout_of_before_are_computed_anew_with_one_word(store: ArtifactStore) -> None:
    for key in ("k", "l"):
        path = store.root / "s" / f"{key}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(signed(OLD))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        assert [store.compute("s", key, constant(2)).info for key in ("k", "l")] == [{"value": 2}] * 2
    assert [warning.category for warning in caught] == [OtherLayoutWarning]
    assert "got some of layout 1, expected 2; each is moved to" in str(caught[0].message)
    assert len(list((store.root / "damaged").rglob("*.safetensors"))) == 2
    assert store.prune() == 2 * len(signed(OLD))


def test_artifact_of_the_layout_of_before_is_refused_where_nothing_is_computed(store: ArtifactStore, path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(signed(OLD))
    with pytest.raises(NotStoredError, match=r"got one of another layout \(layout 1, expected 2\) in .*k\.safetensors"):
        ArtifactStore(store.root, computing=False).get("s", "k")
    assert path.exists()
