"""Files that are whole or absent: written under another name beside their place, flushed to disk, and renamed."""

from __future__ import annotations

import errno
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from ecgbench.errors import ArtifactError

STALE_PAUSES = (0.01, 0.1, 0.5)
"""Seconds to wait before a look-up is repeated: a network file system may not show yet what another machine has just made."""

PARTIAL = re.compile(r"\..+\.[0-9a-f]{8}\.part")
"""Names of files that are being written."""

UNFLUSHABLE = (errno.EINVAL, errno.EBADF, errno.ENOTSUP, errno.EACCES)
"""What systems answer that cannot flush a folder."""

T = TypeVar("T")


STORE_REMEDY = "free space there or point ECGBENCH_CACHE at a folder that can be written"
USER_REMEDY = "free space or name another folder"
"""What to do where a file of the store, or one that the user named, cannot be written."""


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that it holds either its old content or all of the new one.

    Raises
    ------
    ArtifactError
        If it cannot be written (no permission, no space).
    """
    with writing(path, USER_REMEDY):
        _publish(path, data, replacing=True)


@contextmanager
def writing(path: Path, remedy: str = STORE_REMEDY) -> Iterator[None]:
    """Say in the project's words that a path could not be written, and what to do."""
    try:
        yield
    except OSError as error:
        raise ArtifactError(f"expected to write {path}, got {error.strerror or error}; {remedy}.") from error


def publish(path: Path, data: bytes | bytearray, replacing: bool) -> bool:
    """Write a file and the folders above it; False if there is one that is not to be replaced."""

    def attempt() -> bool:
        make_folder(path.parent)
        return _publish(path, data, replacing)

    return retried(attempt)


def move(source: Path, target: Path) -> None:
    """Move a file within one disk, flushed before it has its new name, and make the folders above it."""

    def attempt() -> None:
        make_folder(target.parent)
        os.replace(source, target)

    with open(source, "rb") as file:
        os.fsync(file.fileno())
    retried(attempt)
    _flush_folder(target.parent)


def make_folder(path: Path) -> None:
    """Make a folder and those above it; whether something else is in its place, the first use of it tells."""
    with suppress(FileExistsError):
        path.mkdir(parents=True, exist_ok=True)


def retried(attempt: Callable[[], T]) -> T:
    """The result of `attempt`, which is repeated a few times while it does not find what was just made."""
    for pause in STALE_PAUSES:
        try:
            return attempt()
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ESTALE):
                raise
        time.sleep(pause)
    return attempt()


def token() -> str:
    """Eight hexadecimal digits that make a name unique among processes, threads and machines."""
    return secrets.token_hex(4)


def _publish(path: Path, data: bytes | bytearray, replacing: bool) -> bool:
    partial = path.with_name(f".{path.name}.{token()}.part")
    try:
        _write_through(partial, data)
        if replacing:
            os.replace(partial, path)
        elif not _renamed_if_free(partial, path):
            return False
    finally:
        with suppress(OSError):
            partial.unlink()
    _flush_folder(path.parent)
    return True


def _renamed_if_free(partial: Path, path: Path) -> bool:
    try:
        os.link(partial, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links, where the last of two simultaneous writers wins instead of the first
        if path.exists():
            return False
        os.replace(partial, path)
    return True


def _write_through(path: Path, data: bytes | bytearray) -> None:
    with open(path, "xb") as file:  # a new file: never one that somebody put there, nor what a link points to
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    """Flush the folder's names to disk, where the system can."""
    try:
        opened = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return
    try:
        os.fsync(opened)
    except OSError as error:
        if error.errno not in UNFLUSHABLE:
            raise
    finally:
        os.close(opened)
