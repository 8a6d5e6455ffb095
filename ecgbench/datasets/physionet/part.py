"""The beginning of a file that is being fetched, kept beside it as `.<name>.part`."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ecgbench.errors import DataError


class UnwritableError(DataError):
    """A file cannot be written (no space, no permission), which will hold for the other files too."""


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an OSError from writing a file into an UnwritableError with the remedy."""
    try:
        yield
    except OSError as error:
        raise UnwritableError(
            f"expected to write {path}, got {error.strerror or error}; free space there, mend the permissions or name another folder "
            "with --dir."
        ) from error


def part_of(target: Path) -> Path:
    """Where a file's part is kept."""
    return target.with_name(f".{target.name}.part")


def part_size(part: Path) -> int:
    """Bytes of the part. What is no file of this one name, such as a link to another file, is removed and never written through."""
    with writing(part):
        try:
            found = part.lstat()
        except FileNotFoundError:
            return 0
        if stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
            return found.st_size
        part.unlink()
    return 0


def drop_part(part: Path) -> None:
    """Remove the part, so that the file is fetched from its first byte."""
    with writing(part):
        part.unlink(missing_ok=True)


@contextmanager
def opened_part(part: Path, append: bool) -> Iterator[BinaryIO]:
    """The part, open to be written from its end or anew."""
    if not append:
        drop_part(part)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
    with writing(part), open(os.open(part, flags, 0o666), "ab") as file:
        yield file


def finish(part: Path, target: Path) -> None:
    """Give the part its file's name, once its bytes are on the disk."""
    with writing(target):
        with open(part, "r+b") as file:
            os.fsync(file.fileno())
        os.replace(part, target)
