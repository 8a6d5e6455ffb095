"""Opening and reading a file that somebody else made: a regular one, whose size is known before it is read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from ecgbench.errors import InputError
from ecgbench.printable import quoted


@contextmanager
def regular_file(path: Path, follow_links: bool = False) -> Iterator[tuple[BufferedReader, int]]:
    """A file that a user named, and its size in bytes; never a folder, a pipe or a device, which has no size.

    Parameters
    ----------
    path : of the file
    follow_links : whether a symbolic link will do, which leads elsewhere

    Raises
    ------
    InputError
        If there is no such file, or it cannot be opened.
    """
    try:
        file, size = _opened(path, follow_links)
    except (OSError, ValueError) as error:
        where = quoted(str(path))
        raise InputError(f"expected a readable regular file at {where}, got {quoted(str(error))}; name another file.") from error
    with file:
        yield file, size


def read_bounded(path: Path, limit: int) -> bytes:
    """Content of a regular file.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is no regular file, such as a pipe, or has more bytes than the limit.
    """
    file, size = _opened(path, follow_links=True)
    with file:
        if size > limit:
            raise ValueError(f"{size} bytes instead of at most {limit}")
        return file.read(limit)


def _opened(path: Path, follow_links: bool) -> tuple[BufferedReader, int]:
    if not follow_links and path.is_symlink():
        raise ValueError("a symbolic link")
    # A pipe without a writer must not be waited for, and a name can become a link after it was looked at.
    names = ["O_BINARY", "O_CLOEXEC", "O_NONBLOCK", *([] if follow_links else ["O_NOFOLLOW"])]
    descriptor = os.open(path, os.O_RDONLY | sum(getattr(os, name, 0) for name in names))
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("no regular file")
        return open(descriptor, "rb"), status.st_size
    except BaseException:
        os.close(descriptor)
        raise
