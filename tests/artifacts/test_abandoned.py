"""What a killed process left is removed by the next one that uses the store, and nothing that somebody still needs."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from ecgbench.artifacts import ArtifactStore, _abandoned, _files
from ecgbench.errors import ArtifactError
from tests.artifacts.stores import constant, files, never


@pytest.fixture(autouse=True)
def _first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_abandoned, "_cleared", set())


def leave(store: ArtifactStore, key: str) -> Path:
    """What a process leaves that is killed while it writes an artifact; returns its lock's file."""
    left = (f"s/.{key}.safetensors.0123abcd.part", f"s/{key}.0123456789abcdef.signal.f32", f"locks/s.{key}.lock")
    for name in left:
        (store.root / name).parent.mkdir(parents=True, exist_ok=True)
        (store.root / name).write_bytes(b"")
    return store.root / left[-1]


@pytest.mark.parametrize("use", ["get", "compute", "locked"])
def test_first_use_removes_what_a_killed_process_left_and_no_artifact(store: ArtifactStore, use: str) -> None:
    signal = store.scratch("s", "k") / "signal.f32"
    signal.write_bytes(b"whole")
    store.put("s", "k", *constant(1)(), attached=signal)
    before = files(store)
    for key in ("k", "absent"):
        leave(store, key)
    if use == "locked":
        with store.locked("s", "other"):
            pass
    else:
        found = store.get("s", "k") if use == "get" else store.compute("s", "k", constant(2))
        assert found is not None
        assert found.info == {"value": 1}
    assert files(store) == before


def test_what_a_process_that_lives_is_writing_stays(store: ArtifactStore) -> None:
    with store.locked("s", "k"):
        leave(store, "k")
        before = files(store)
        _abandoned._cleared.clear()
        assert store.get("s", "other") is None
        assert files(store) == before


@pytest.mark.parametrize("locking", ["soft", "none"])
def test_nothing_is_removed_where_no_lock_says_who_lives(store: ArtifactStore, locking: str) -> None:
    leave(store, "k")
    before = files(store)
    assert ArtifactStore(store.root, locking=locking).get("s", "other") is None
    assert files(store) == before


def test_nothing_is_removed_from_a_store_that_is_only_read(store: ArtifactStore) -> None:
    leave(store, "k")
    before = files(store)
    assert ArtifactStore(store.root, computing=False).get("s", "other") is None
    assert files(store) == before


@pytest.mark.parametrize(("work", "stays"), [("older", False), ("younger", True), ("alone", True)])
def test_unfinished_work_stays_unless_its_artifact_was_written_after_it(store: ArtifactStore, work: str, stays: bool) -> None:
    if work != "alone":
        store.put("s", "k", {"a": np.zeros(3)}, {})
    epoch = store.scratch("s", "k") / "epoch.json"
    epoch.write_text("{}")
    if work == "older":
        os.utime(epoch, (1, 1))
    leave(store, "k")
    store.get("s", "k")
    assert epoch.exists() is stays


def test_work_is_removed_with_the_lock_held_once_its_artifact_is_written(store: ArtifactStore) -> None:
    epoch = store.scratch("s", "k") / "epoch.json"
    epoch.write_text("{}")
    store.compute("s", "k", constant(1))
    assert files(store) == ["s/k.safetensors"]


def test_work_is_removed_where_its_artifact_is_in_place_though_not_flushed(store: ArtifactStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def unflushed(_: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    (store.scratch("s", "k") / "epoch.json").write_text("{}")
    with monkeypatch.context() as patch:
        patch.setattr(_files, "_flush_folder", unflushed)
        with pytest.raises(ArtifactError, match="No space"):
            store.compute("s", "k", constant(1))
    assert store.compute("s", "k", never).info == {"value": 1}
    assert files(store) == ["s/k.safetensors"]


def test_what_a_process_left_that_was_killed_meanwhile_is_removed_by_who_takes_its_lock(store: ArtifactStore) -> None:
    assert store.get("s", "k") is None
    leave(store, "k")
    store.compute("s", "k", constant(1))
    assert files(store) == ["s/k.safetensors"]
