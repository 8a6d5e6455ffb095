"""Opening a file that somebody else made."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from ecgbench.errors import InputError


@contextmanager
def regular_file(path: Path) -> Iterator[tuple[BufferedReader, int]]:
    """A file and its size in bytes; never a link, which leads elsewhere, nor a folder, a pipe or a device, which has no size.

    Raises
    ------
    InputError
        If there is no such file, or it cannot be opened.
    """
    descriptor = _descriptor(path)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"expected a regular file at {path}, got something else; name a file.")
        with open(descriptor, "rb", closefd=False) as file:
            yield file, status.st_size
    finally:
        os.close(descriptor)


def _descriptor(path: Path) -> int:
    # A pipe without a writer must not be waited for, and a name can become a link after it was looked at.
    flags = [getattr(os, name, 0) for name in ("O_BINARY", "O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK")]
    try:
        if path.is_symlink():
            raise InputError(f"expected a regular file at {path}, got a symbolic link; name the file itself.")
        return os.open(path, os.O_RDONLY | sum(flags))
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"expected a readable file at {str(path)!a}, got {error}; name another file.") from error
