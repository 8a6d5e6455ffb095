"""Locks of artifacts: one computes and the others wait, no lock's file stays, and none is taken that does not lock."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
import time
from pathlib import Path

import pytest

from ecgbench.artifacts import ArtifactStore, _locks
from ecgbench.errors import ArtifactError
from tests.artifacts.stores import Computed, constant, files, output, python

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
    assert [output(child) for child in children] == ["1\n", "1\n"]
    assert (tmp_path / "counter").read_text() == "x"
    assert files(store) == ["s/k.safetensors"]


@pytest.mark.parametrize("renew", [False, True], ids=["absent", "renewed"])
def test_two_threads_compute_once(store: ArtifactStore, renew: bool) -> None:
    if renew:
        store.compute("s", "k", constant(1))
    started, calls = threading.Event(), []

    def slow() -> Computed:
        calls.append(1)
        started.set()
        time.sleep(0.3)
        return constant(2)()

    first = threading.Thread(target=store.compute, args=("s", "k", slow), kwargs={"renew": renew})
    first.start()
    started.wait()
    assert store.compute("s", "k", slow, renew=renew).info == {"value": 2}
    first.join()
    assert len(calls) == 1


COUNTER = """
import sys
from pathlib import Path
from ecgbench.artifacts import ArtifactStore
store, counter = ArtifactStore(sys.argv[1]), Path(sys.argv[2])
for _ in range(100):
    with store.locked("s", "k"):
        counter.write_text(str(int(counter.read_text()) + 1))
"""


def test_removing_locks_files_lets_nobody_in_twice(store: ArtifactStore, tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")
    for child in [python(COUNTER, store.root, counter) for _ in range(3)]:
        output(child)
    assert counter.read_text() == "300"
    assert files(store) == []


def test_lock_on_a_file_that_has_lost_its_name_is_taken_again(store: ArtifactStore, monkeypatch: pytest.MonkeyPatch) -> None:
    same, calls = os.path.samestat, []

    def replaced_once(first: os.stat_result, second: os.stat_result) -> bool:
        calls.append(same(first, second))
        return len(calls) > 1

    with monkeypatch.context() as patch:
        patch.setattr(_locks.os.path, "samestat", replaced_once)
        with store.locked("s", "k"):
            assert files(store) == ["locks/s.k.lock"]
    assert calls == [True, True]
    assert files(store) == []


def without_locks(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def unsupported(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", unsupported)


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP], ids=errno.errorcode.get)
def test_file_system_without_locks_is_refused_with_the_remedies(store: ArtifactStore, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    without_locks(monkeypatch, number)
    said = r"expected a file system with locks for .*; point ECGBENCH_CACHE at one that has them, or .* locking=\"soft\".*\"none\""
    with pytest.raises(ArtifactError, match=said):
        store.compute("s", "k", constant(1))
    assert list(store) == []


@pytest.mark.parametrize("locking", ["soft", "none"])
def test_file_system_without_locks_serves_who_chose_to_do_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locking: _locks.Locking
) -> None:
    without_locks(monkeypatch, errno.ENOSYS)
    store = ArtifactStore(tmp_path / "store", locking=locking)
    assert store.compute("s", "k", constant(1)).info == {"value": 1}
    assert files(store) == ["s/k.safetensors"]
