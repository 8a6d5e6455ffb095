"""What processes do to files, counted, and interrupted at one operation: killed in the middle of it, or refused for want of space."""

from __future__ import annotations

import builtins
import errno
import io
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

WRITING = os.O_WRONLY | os.O_RDWR
FREEING = ("os.remove", "os.rmdir")
"""What needs no space."""

CHANGES = ("os.mkdir", "os.rename", "os.link", "os.symlink", "os.truncate", *FREEING)
WITHIN = {"os.mkdir": 2, "os.remove": 1, "os.rmdir": 1}
"""Where among an event's arguments the open folder is to which a path is relative."""

LOCK = "fcntl.flock"

KILLED, FULL, ONCE, ALONE = "killed", "full", "once", "alone"
"""All processes of the group end, the disk is full from there on, one operation is refused, or one process ends."""


class Operations:
    """Counts what this process and those that it forks do to files below some folders, and interrupts one of them.

    It cannot be taken back: for a child. Nothing is flushed to disk, since what the system was told survives a killed process.

    Parameters
    ----------
    roots : folders
    at : number of the operation, from 1, that is interrupted; 0 for none
    how : KILLED, FULL, ONCE or ALONE
    """

    def __init__(self, roots: Sequence[Path], at: int = 0, how: str = KILLED) -> None:
        self.roots, self.at, self.how = tuple(map(str, roots)), at, how
        self.freeing = how in (KILLED, ALONE)
        self._counted = multiprocessing.Value("i", 0)
        sys.addaudithook(self._audit)
        os.fsync = self._fsync  # type: ignore[assignment]
        builtins.open = io.open = partial(self._opened, builtins.open)  # type: ignore[assignment]

    @property
    def count(self) -> int:
        """How many operations there were."""
        return self._counted.value

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            counted = isinstance(arguments[2], int) and bool(arguments[2] & WRITING)
        elif event == LOCK:
            counted = self.freeing
        else:
            counted = event in CHANGES and (self.freeing or event not in FREEING)
        if counted and self._is_inside(_place(event, arguments)):
            self._step()

    def _is_inside(self, place: str) -> bool:
        return place.startswith(self.roots)

    def _step(self) -> None:
        with self._counted.get_lock():
            self._counted.value += 1
            number = self._counted.value
        if self.at and (number == self.at or (self.how == FULL and number > self.at)):
            self._interrupt()

    def _interrupt(self) -> None:
        if self.how == KILLED:
            os.killpg(0, signal.SIGKILL)
        if self.how == ALONE:
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _fsync(self, descriptor: int) -> None:
        if self._is_inside(_path_of(descriptor)):
            self._step()

    def _opened(self, real: Callable[..., Any], file: Any, mode: str = "r", *arguments: Any, **named: Any) -> Any:
        opened = real(file, mode, *arguments, **named)
        written = not set("wxa+").isdisjoint(mode) and not isinstance(file, int)
        return HalfWritten(opened, self._step) if written and self._is_inside(os.path.abspath(os.fspath(file))) else opened  # noqa: PTH100


class HalfWritten:
    """A file of whose every write the first half is written before the interruption."""

    def __init__(self, file: Any, step: Callable[[], None]) -> None:
        self._file, self._step = file, step

    def write(self, data: Any) -> None:
        middle = len(data) // 2
        self._file.write(data[:middle])
        self._file.flush()
        self._step()
        self._file.write(data[middle:])

    def __enter__(self) -> HalfWritten:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _place(event: str, arguments: tuple[Any, ...]) -> str:
    """The absolute path that an event is about."""
    if event == LOCK or isinstance(arguments[0], int):
        return _path_of(arguments[0])
    path, within = os.fsdecode(arguments[0]), arguments[WITHIN[event]] if event in WITHIN else -1
    folder = os.getcwd() if within == -1 else _path_of(within)  # noqa: PTH109
    return os.path.join(folder, path)  # noqa: PTH118


def _path_of(descriptor: int) -> str:
    return os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115
