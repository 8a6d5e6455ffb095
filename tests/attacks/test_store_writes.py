"""Writes to a store that end at any operation on files, killed or with the disk full: what is there is whole, a second run mends."""

from __future__ import annotations

import errno
import os
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ecgbench.artifacts import ArtifactStore, _files, local_folder
from ecgbench.errors import ArtifactError
from tests.artifacts.stores import Computed
from tests.attacks.conftest import Tries

pytestmark = pytest.mark.slow

WRITING = os.O_WRONLY | os.O_RDWR
CHANGES = ("os.mkdir", "os.rename", "os.link", "os.remove", "os.rmdir")
FREEING = ("os.remove", "os.rmdir")
"""What needs no space."""

WHOLE, REFUSED, TRACEBACK, KILLED = 0, 3, 4, 9


class Operations:
    """Counts what this process does to the files of a store, and interrupts it at one of them. It cannot be taken back: for a child."""

    def __init__(self, root: Path, at: int, interrupt: Callable[[], object], freeing: bool) -> None:
        self.root, self.at, self.interrupt, self.count, self.paused = str(root), at, interrupt, 0, False
        self.counted = set(CHANGES) - set(() if freeing else FREEING)
        sys.addaudithook(self._audit)
        self._flush, self._open = os.fsync, open
        os.fsync = self._fsync  # type: ignore[assignment]
        _files.open = self._opened  # type: ignore[attr-defined]

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        writing = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
        if (writing or event in self.counted) and str(arguments[0]).startswith(self.root):
            self._step()

    def _step(self) -> None:
        if not self.paused:
            self.count += 1
            if self.count == self.at:
                self.interrupt()

    def _fsync(self, descriptor: int) -> None:
        self._step()
        self._flush(descriptor)

    def _opened(self, path: Path, mode: str) -> Any:
        file = self._open(path, mode, buffering=0)
        return file if mode == "rb" else HalfWritten(file, self._step)


class HalfWritten:
    """A file of whose every write the first half is written before the interruption."""

    def __init__(self, file: Any, step: Callable[[], None]) -> None:
        self.file, self.step, self.flush, self.fileno = file, step, file.flush, file.fileno

    def write(self, data: bytes) -> None:
        middle = len(data) // 2
        self.file.write(data[:middle])
        self.step()
        self.file.write(data[middle:])

    def __enter__(self) -> HalfWritten:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()


def work(store: ArtifactStore, operations: Operations | None = None) -> None:
    """An artifact of each kind is written, one of them twice."""
    signal = store.scratch("windows", "k") / "signal.f32"

    def windows() -> Computed:
        if operations:
            operations.paused = True
        signal.write_bytes(bytes(range(200)) * 20)
        if operations:
            operations.paused = False
        return {"a": np.arange(50)}, {"value": 0}

    store.compute("windows", "k", windows, attached=signal)
    for value in (1, 2):
        store.put("model", "k", {"a": np.full(50, value)}, {"value": value}, 0.5)
    for name in ("auc", "pointing_game"):
        store.merge("scores", "k", {name: ({"raw": np.arange(9.0)}, {"metric": name}, 0.5)})


def content(store: ArtifactStore) -> dict[str, bytes]:
    """What a store holds once leftovers are removed."""
    store.prune()
    return {path.relative_to(store.root).as_posix(): path.read_bytes() for path in store.root.rglob("*") if path.is_file()}


def child(run: Callable[[], None]) -> int:
    """Exit code of what runs in a copy of this process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # for threads of libraries, of which the child needs none
        process = os.fork()
    if process == 0:
        code = TRACEBACK
        try:
            run()
            code = WHOLE
        except ArtifactError:
            code = REFUSED
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def full() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


INTERRUPTIONS: dict[str, tuple[Callable[[], object], bool, set[int]]] = {
    "killed": (lambda: os._exit(KILLED), True, {KILLED}),
    "full": (full, False, {REFUSED, WHOLE}),
}


@pytest.fixture
def undisturbed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    monkeypatch.setattr(local_folder, "time", SimpleNamespace(perf_counter=lambda: 0.0, sleep=time.sleep))
    store = ArtifactStore(tmp_path / "undisturbed")
    work(store)
    return content(store)


def counted(store: ArtifactStore, counter: Path, freeing: bool) -> int:
    """How many operations the work takes."""

    def run() -> None:
        operations = Operations(store.root, 0, lambda: None, freeing)
        work(store, operations)
        counter.write_text(str(operations.count))

    assert child(run) == WHOLE
    return int(counter.read_text())


def started(root: Path, earlier: bool) -> ArtifactStore:
    """A new store, or one in which the work was done before."""
    store = ArtifactStore(root)
    if earlier:
        work(store)
    return store


@pytest.mark.parametrize("earlier", [False, True], ids=["empty", "earlier"])
@pytest.mark.parametrize("how", INTERRUPTIONS)
def test_interrupted_write_leaves_what_is_whole_and_a_second_run_mends_it(
    tmp_path: Path, undisturbed: dict[str, bytes], tries: Tries, how: str, earlier: bool
) -> None:
    interrupt, freeing, codes = INTERRUPTIONS[how]
    for number in tries(counted(started(tmp_path / "counted", earlier), tmp_path / "count", freeing)):
        store = started(tmp_path / f"store{number}", earlier)

        def run(store: ArtifactStore = store, at: int = number + 1) -> None:
            work(store, Operations(store.root, at, interrupt, freeing))

        assert child(run) in codes, number
        assert [store.fault(*place) for place in store] == [None] * len(list(store)), number
        assert how == "killed" or not list(store.root.rglob("*.part")), number
        work(store)
        assert content(store) == undisturbed, number
