"""Opening and reading what somebody else made: regular files of a known size, and JSON of a known schema."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from ecgbench.errors import InputError
from ecgbench.printable import quoted


@contextmanager
def regular_file(path: Path, follow_links: bool = False) -> Iterator[tuple[BufferedReader, int]]:
    """A file and its size in bytes; never a folder, a pipe or a device, which has no size.

    Parameters
    ----------
    path : of the file
    follow_links : whether a symbolic link will do, which leads elsewhere

    Raises
    ------
    InputError
        If there is no such file, or it cannot be opened.
    """
    descriptor = _descriptor(path, follow_links)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"expected a regular file at {quoted(str(path))}, got something else; name a file.")
        with open(descriptor, "rb", closefd=False) as file:
            yield file, status.st_size
    finally:
        os.close(descriptor)


def _descriptor(path: Path, follow_links: bool) -> int:
    # A pipe without a writer must not be waited for, and a name can become a link after it was looked at.
    names = ["O_BINARY", "O_CLOEXEC", "O_NONBLOCK", *([] if follow_links else ["O_NOFOLLOW"])]
    try:
        if not follow_links and path.is_symlink():
            raise InputError(f"expected a regular file at {quoted(str(path))}, got a symbolic link; name the file itself.")
        return os.open(path, os.O_RDONLY | sum(getattr(os, name, 0) for name in names))
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"expected a readable file at {quoted(str(path))}, got {quoted(str(error))}; name another file.") from error


def json_of(content: bytes | str, schema: Any) -> Any:
    """The data of a JSON text in which no key stands twice, as msgspec makes the type `schema` of them.

    Raises
    ------
    ValueError
        If the text is no JSON, or its data are not of that type; the message is one line, and quotes what no terminal should obey.
    """
    try:
        text = content.decode() if isinstance(content, bytes) else content
        data = json.loads(text, object_pairs_hook=_distinct, parse_constant=_no_number)
        return msgspec.convert(data, schema)
    except (ValueError, RecursionError) as error:
        raise ValueError(quoted(str(error))) from error


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        raise ValueError("a key stands twice")
    return data


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")
