"""Damaged artifacts, and processes that are killed or meet: nothing half-written is ever read."""

from __future__ import annotations

import json
import threading
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ecgbench import artifacts
from ecgbench.artifacts import (
    ARRAYS,
    RECORD,
    ArtifactStore,
    DamagedArtifactWarning,
    _store,
)
from tests.artifacts.stores import constant, hidden, never, python


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "store")


def flipped(data: bytes) -> bytes:
    return data[:-3] + bytes([data[-3] ^ 1]) + data[-2:]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "flipped bit": flipped,
    "truncated": lambda data: data[: len(data) // 2],
    "empty": lambda data: b"",
    "zeroed": lambda data: bytes(len(data)),
    "longer": lambda data: data + b"x",
    "not UTF-8": lambda data: b"\xff" + data,
    "other JSON": lambda data: b"[1]",
    "null": lambda data: b"null",
}
damages = pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)


@damages
@pytest.mark.parametrize("file", [ARRAYS, RECORD])
def test_damaged_artifact_is_set_aside_and_computed_anew_with_a_warning(
    store: ArtifactStore, file: str, damage: Callable[[bytes], bytes]
) -> None:
    path = store.root / "s" / "k" / file
    store.compute("s", "k", constant(1))
    damaged = damage(path.read_bytes())
    path.write_bytes(damaged)
    with pytest.warns(DamagedArtifactWarning, match=r"expected the artifact .*s.k to match its checksum.*computed anew"):
        artifact = store.compute("s", "k", constant(2))
    assert artifact.info == {"value": 2}
    assert [aside.read_bytes() for aside in (store.root / "damaged").rglob(file)] == [damaged]
    assert store.compute("s", "k", never).info == {"value": 2}


@pytest.mark.parametrize("field", ["info", "seconds", "sha256"])
def test_edited_record_is_damage(store: ArtifactStore, field: str) -> None:
    store.compute("s", "k", constant(1))
    path = store.root / "s" / "k" / RECORD
    record = json.loads(path.read_text())
    record[field] = {"value": 9}
    path.write_text(json.dumps(record))
    with pytest.warns(DamagedArtifactWarning):
        assert store.get("s", "k") is None


@pytest.mark.parametrize("file", [ARRAYS, RECORD])
def test_artifact_without_one_of_its_files_is_damaged(store: ArtifactStore, file: str) -> None:
    store.compute("s", "k", constant(1))
    (store.root / "s" / "k" / file).unlink()
    with pytest.warns(DamagedArtifactWarning):
        assert store.get("s", "k") is None
    assert not (store.root / "s" / "k").exists()


def test_many_threads_that_meet_a_damaged_artifact_set_it_aside_once_and_compute_it_once(store: ArtifactStore) -> None:
    store.compute("s", "k", constant(1))
    (store.root / "s" / "k" / ARRAYS).write_bytes(b"")
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
    read, calls = _store.read_artifact, []

    def torn(folder: Path) -> artifacts.Artifact:
        calls.append(folder)
        if len(calls) == 1:
            raise ValueError("half old, half new")
        return read(folder)

    monkeypatch.setattr(_store, "read_artifact", torn)
    found = store.get("s", "k")
    assert found is not None
    assert found.info == {"value": 1}


# Killed and simultaneous processes

KILLED = """
import os, signal, sys
import numpy as np
from ecgbench import artifacts
from ecgbench.artifacts import _artifact
store = artifacts.ArtifactStore(sys.argv[1])
step, write = int(sys.argv[2]), _artifact._write_through
def dying(path, data):
    if step < 2 and path.name == (artifacts.ARRAYS, artifacts.RECORD)[step]:
        write(path, data[: len(data) // 2])
        os.kill(os.getpid(), signal.SIGKILL)
    write(path, data)
    if step == 2 and path.name == artifacts.RECORD:
        os.kill(os.getpid(), signal.SIGKILL)
_artifact._write_through = dying
replace = os.replace
def dying_between(source, target):
    if step == 3 and target.name == "k":
        os.kill(os.getpid(), signal.SIGKILL)
    replace(source, target)
os.replace = dying_between
store.compute("s", "k", lambda: ({"a": np.zeros(100000)}, {"value": 1}), renew=True)
"""


@pytest.mark.parametrize("step", range(4), ids=["while writing arrays", "while writing the record", "before the renames", "between them"])
@pytest.mark.parametrize("earlier", [False, True], ids=["absent", "earlier"])
def test_process_killed_while_writing_leaves_nothing_that_is_read(store: ArtifactStore, step: int, earlier: bool) -> None:
    if earlier:
        store.compute("s", "k", constant(0))
    kept = earlier and step < 3
    child = python(KILLED, store.root, step)
    assert child.wait(60) == -9, child.communicate()
    child.communicate()
    assert hidden(store)
    found = store.get("s", "k")
    assert (found and found.info) == ({"value": 0} if kept else None)
    assert list(store) == [("s", "k")] * kept
    assert store.compute("s", "k", constant(2)).info == {"value": 0 if kept else 2}
    assert store.prune() > 0
    assert not hidden(store)
    assert store.compute("s", "k", never).info == {"value": 0 if kept else 2}


COUNTING = """
import sys, time
from pathlib import Path
from ecgbench.artifacts import ArtifactStore
def count():
    with open(sys.argv[2], "a") as file:
        file.write("x")
    time.sleep(0.5)
    return {}, {"value": 1}
Path(sys.argv[2] + sys.argv[3]).touch()
while len(list(Path(sys.argv[2]).parent.glob("counter?"))) < 2:
    time.sleep(0.01)
print(ArtifactStore(sys.argv[1]).compute("s", "k", count).info["value"])
"""


def test_two_processes_compute_once(store: ArtifactStore, tmp_path: Path) -> None:
    children = [python(COUNTING, store.root, tmp_path / "counter", name) for name in "ab"]
    outputs = [child.communicate(timeout=60) for child in children]
    assert [output for output, _ in outputs] == ["1\n", "1\n"], outputs
    assert (tmp_path / "counter").read_text() == "x"
