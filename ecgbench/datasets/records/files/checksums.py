"""SHA256SUMS.txt, the list of a database's files and their checksums. It is streamed, because the longest has 1.6 million lines."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator
from functools import cached_property
from pathlib import Path
from typing import final

from ecgbench.errors import DataError
from ecgbench.printable import quoted

SUMS = "SHA256SUMS.txt"

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""What a terminal may obey, and no published path has."""

LINE = re.compile(r"([0-9a-fA-F]{64}) [ *]?(?:\./)?(\S.*)\n")

_AGAIN = "delete it, so that it is downloaded again, or name another --mirror."


def read_sums(path: Path) -> Iterator[tuple[str, str]]:
    """Path below the database's folder and SHA-256 (64 lower-case hexadecimal digits) of each listed file, in the list's order.

    Raises
    ------
    DataError
        If the list is empty, truncated or unreadable, a line is not a checksum and a path, or a path leads out of the database's folder.
    """
    number = 0
    try:
        with open(path, encoding="utf-8", newline="\n") as file:
            for number, line in enumerate(file, start=1):
                match = LINE.fullmatch(line)
                if match is None:
                    raise DataError(
                        f'expected a SHA-256 and a path in line {number} of {path}, got "{quoted(line.rstrip(), 80)}"; {_AGAIN}'
                    )
                yield checked_path(match[2].rstrip("\r")), match[1].lower()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"expected a readable list {path}, got {error}; {_AGAIN}") from error
    if not number:
        raise DataError(f"expected sums and paths in {path}, got an empty file; {_AGAIN}")


def checked_path(path: str) -> str:
    """The path, which must stay below the folder that it is relative to.

    Raises
    ------
    DataError
        If it is absolute, climbs out with `..`, or has a drive, a backslash or a control character.
    """
    climbs = ".." in path and ".." in path.split("/")
    if climbs or not path or path[0] == "/" or path[1:2] == ":" or "\\" in path or CONTROL.search(path):
        raise DataError(f"expected a path below the database's folder, got {path!r}; name another --mirror: this one is not to be trusted.")
    return path


def sums_of(path: Path, wanted: Collection[str]) -> dict[str, str]:
    """SHA-256 of each wanted file that is listed. No other line of the list is kept in memory.

    Raises
    ------
    DataError
        If the list is damaged, or gives a wanted file two different sums.
    """
    wanted = frozenset(wanted)
    found: dict[str, str] = {}
    for name, digest in read_sums(path):
        if name in wanted and found.setdefault(name, digest) != digest:
            raise DataError(f"expected one sum of {name} in {path}, got {found[name]} and {digest}; {_AGAIN}")
    return found


@final
class ListedPaths(Collection[str]):
    """The paths in SHA256SUMS.txt, read from the file anew on each iteration.

    Parameters
    ----------
    path : of the list; if there is no such file, there are no paths
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __iter__(self) -> Iterator[str]:
        if self._path.exists():
            yield from (name for name, _ in read_sums(self._path))

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(self)


def sha256(path: Path) -> str:
    """SHA-256 of a file's content, hexadecimal.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"expected a readable file {path}, got {error.strerror or error}; mend its permissions or delete it.") from error
