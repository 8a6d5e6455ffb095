"""Locks across processes and threads, of which no file stays."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Literal

from ecgbench.artifacts._files import make_folder, writing
from ecgbench.errors import ArtifactError

Locking = Literal["native", "soft", "none"]
"""Locks of the operating system, which end with their process; files whose existence is the lock; or none at all."""

UNSUPPORTED = (errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK)
"""What file systems answer that have no locks."""


class _UnlinkedError(Exception):
    """The lock was taken on a file that its holder has removed meanwhile, which keeps nobody out."""


@contextmanager
def lock(path: Path, locking: Locking) -> Iterator[None]:
    """Hold the lock that the file at `path` stands for.

    Raises
    ------
    ArtifactError
        If the lock's file cannot be written, or its file system has no locks.
    """
    if locking == "none":
        yield
        return
    with writing(path):
        make_folder(path.parent)
        try:
            release = _soft(path) if locking == "soft" else _native(path)
        except OSError as error:
            if error.errno in UNSUPPORTED:
                raise _unsupported(path, error) from error
            raise
    try:
        yield
    finally:
        release()


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Hold the lock of the operating system that a file outside the store stands for.

    Raises
    ------
    OSError
        If its folder is absent or may not be written, or its file system has no locks.
    """
    release = _native(path)
    try:
        yield
    finally:
        release()


@contextmanager
def lock_if_free(path: Path) -> Iterator[None]:
    """Hold the lock of the operating system that a file stands for, which is removed.

    Raises
    ------
    OSError
        If another process or thread holds it (TimeoutError), or it cannot be had.
    """
    release = _native(path, timeout=0)
    try:
        yield
    finally:
        release()


def _soft(path: Path) -> Callable[[], None]:
    from filelock import SoftFileLock

    held = SoftFileLock(path)
    held.acquire()
    return held.release


def _native(path: Path, timeout: float = -1) -> Callable[[], None]:
    from filelock import FileLock

    held = FileLock(path, fallback_to_soft=False, on_acquired=partial(_check_named, path))

    def release() -> None:
        with suppress(OSError):  # removed while it is held: who waits for it finds that out by `_check_named` and takes a new one
            path.unlink()
        held.release()

    while True:
        try:
            held.acquire(timeout)
        except _UnlinkedError:
            continue
        return release


def _check_named(path: Path, descriptor: int) -> None:
    """Refuse a lock on a file that is not the one at `path`."""
    try:
        named = os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        named = False
    if not named:
        raise _UnlinkedError


def _unsupported(path: Path, error: OSError) -> ArtifactError:
    return ArtifactError(
        f"expected a file system with locks for {path}, got {error.strerror or error}; point ECGBENCH_CACHE at one that has them, or make "
        'the store with locking="soft" (files as locks, which stay if a process is killed) or locking="none".'
    )
