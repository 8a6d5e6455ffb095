"""Writers that are killed, that meet without locks, or that see an old state of a network file system."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecgbench.artifacts import ArtifactStore, _files, local_folder
from tests.artifacts.stores import Computed, constant, files, never, output, python

MEETING = """
import sys, time
from pathlib import Path
import numpy as np
from ecgbench.artifacts import ArtifactStore
store, name, counter = ArtifactStore(sys.argv[1], locking="none"), sys.argv[2], Path(sys.argv[1]).parent
signal = store.scratch("s", name) / "signal.f32"
def write():
    (counter / name).touch()
    while len(list(counter.glob("writer?"))) < 2:
        time.sleep(0.001)
    signal.write_text(name)
    return {"a": np.frombuffer(name.encode(), dtype=np.uint8)}, {"writer": name}
found = store.compute("s", "k", write, attached=signal)
print(found.arrays["a"].tobytes().decode(), found.info["writer"], store.attached("s", "k", "signal.f32").read_text())
"""


def test_processes_that_write_at_a_time_without_locks_all_return_the_first_ones_artifact(store: ArtifactStore) -> None:
    children = [python(MEETING, store.root, name) for name in ("writer1", "writer2")]
    first, second = (output(child).split() for child in children)
    found = store.get("s", "k")
    assert found is not None
    assert first == second == [found.info["writer"]] * 3
    assert len(list((store.root / "s").iterdir())) == 2


@pytest.fixture
def other(store: ArtifactStore) -> ArtifactStore:
    """A second writer, whom no lock keeps out."""
    return ArtifactStore(store.root, locking="none")


def test_artifact_that_appears_meanwhile_is_returned_though_it_is_seen_late(
    store: ArtifactStore, other: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    exists, looks = Path.exists, []

    def late(path: Path) -> bool:
        looks.append(path)
        return len(looks) > 3 and exists(path)

    def overtaken() -> Computed:
        other.put("s", "k", *constant(1)())
        monkeypatch.setattr(Path, "exists", late)
        return constant(2)()

    assert store.compute("s", "k", overtaken).info == {"value": 1}
    assert len(looks) == 4


def test_artifact_that_is_there_and_cannot_be_seen_is_replaced(store: ArtifactStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put("s", "k", *constant(1)())
    with monkeypatch.context() as patch:
        patch.setattr(Path, "exists", lambda path: False)
        patch.setattr(local_folder, "read_if_whole", lambda path: None)
        assert store.compute("s", "k", constant(2)).info == {"value": 2}
    assert store.compute("s", "k", never).info == {"value": 2}
    assert files(store) == ["s/k.safetensors"]


@pytest.mark.parametrize(("module", "call"), [(_files, "_write_through"), (os, "link")], ids=["opened", "linked"])
def test_folder_that_is_seen_late_is_tried_again(store: ArtifactStore, monkeypatch: pytest.MonkeyPatch, module: Any, call: str) -> None:
    real, calls = getattr(module, call), []

    def stale(*given: object) -> None:
        calls.append(given)
        if len(calls) == 1:
            raise FileNotFoundError(2, "No such file or directory")
        real(*given)

    monkeypatch.setattr(module, call, stale)
    assert store.compute("s", "k", constant(1)).info == {"value": 1}
    assert files(store) == ["s/k.safetensors"]


@pytest.mark.parametrize("overtaken", [False, True])
def test_file_system_without_hard_links_is_written_too(
    store: ArtifactStore, other: ArtifactStore, monkeypatch: pytest.MonkeyPatch, overtaken: bool
) -> None:
    def unsupported(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    def compute() -> Computed:
        if overtaken:
            other.put("s", "k", *constant(1)())
        return constant(2)()

    monkeypatch.setattr(os, "link", unsupported)
    assert store.compute("s", "k", compute).info == {"value": 1 if overtaken else 2}


WRITING = """
import itertools, sys
import numpy as np
from ecgbench.artifacts import ArtifactStore
store = ArtifactStore(sys.argv[1])
signal = store.scratch("s", "attached") / "signal.f32"
def write(value):
    signal.write_bytes(bytes([value]) * 50_000)
    return {"a": np.full(20_000, value, dtype=np.uint8)}, {"value": value}
print("ready", flush=True)
for number in itertools.count():
    value = number % 250
    store.compute("s", "plain", lambda: ({"a": np.full(20_000, value, dtype=np.uint8)}, {"value": value}), renew=True)
    store.compute("s", "attached", lambda: write(value), renew=True, attached=signal)
    store.compute("s", f"new{number}", lambda: ({"a": np.full(20_000, value, dtype=np.uint8)}, {"value": value}))
    store.merge("s", "collection", {f"{number:06}": ({"a": np.full(2_000, value, dtype=np.uint8)}, {"value": value}, 0.0)})
"""


def check_whole(store: ArtifactStore) -> None:
    """Warnings are errors: a half-written artifact would be set aside with one."""
    for stage, key in store:
        found = store.get(stage, key)
        assert found is not None
        for artifact in found.entries.values() if found.entries else [found]:
            assert np.all(artifact.arrays["a"] == artifact.info["value"])
        if found.attached:
            assert set(store.attached(stage, key, "signal.f32").read_bytes()) == {found.info["value"]}


@pytest.mark.slow
def test_process_killed_at_any_moment_leaves_every_artifact_whole_or_absent(store: ArtifactStore) -> None:
    moments, written = random.Random(1), 0
    for _ in range(10):
        child = python(WRITING, store.root)
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        while not files(store):  # on a busy machine the first write can begin late
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 0.3))
        child.kill()
        child.communicate()
        check_whole(store)
        written += len(list(store))
        store.prune()
        check_whole(store)
        assert not [name for name in files(store) if not name.startswith("s/") or "/." in name]
    assert written > 10


KILLED = """
import os, signal, sys
import numpy as np
from ecgbench.artifacts import ArtifactStore, _files
store, step = ArtifactStore(sys.argv[1]), sys.argv[2]
path = store.scratch("s", "k") / "signal.f32"
write, replace = _files._write_through, os.replace
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
def dying_within(file, data):
    write(file, data[: len(data) // 2])
    die()
def dying_before(source, target):
    die() if target.name == "k.safetensors" else replace(source, target)
def compute():
    path.write_bytes(b"half")
    if step == "in the function":
        die()
    return {"a": np.zeros(100_000)}, {"value": 1}
if step == "within the file":
    _files._write_through = dying_within
if step == "before the rename":
    os.replace = os.link = dying_before
store.compute("s", "k", compute, renew=sys.argv[3] == "earlier", attached=path)
"""


@pytest.mark.parametrize("step", ["in the function", "within the file", "before the rename"])
@pytest.mark.parametrize("earlier", ["absent", "earlier"])
def test_process_killed_while_writing_leaves_the_earlier_artifact_or_none(store: ArtifactStore, step: str, earlier: str) -> None:
    if earlier == "earlier":
        signal = store.scratch("s", "k") / "signal.f32"
        store.compute("s", "k", lambda: (signal.write_bytes(b"whole"), constant(0)())[1], attached=signal)
    kept = files(store)
    child = python(KILLED, store.root, step, earlier)
    assert child.wait(60) == -9, child.communicate()
    child.communicate()
    found = store.get("s", "k")
    assert (found and found.info) == (None if earlier == "absent" else {"value": 0})
    store.prune()
    assert files(store) == kept
    assert store.compute("s", "k", constant(2)).info == {"value": 2 if earlier == "absent" else 0}
