"""What a file must be that no checksum is known of: the header, signals, or annotations of the record that it is named after."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from types import MappingProxyType
from typing import Any

from ecgbench.datasets.records.files.wfdb_header import wfdb_errors
from ecgbench.datasets.records.files.wfdb_reader import behind_end_mark
from ecgbench.errors import DataError
from ecgbench.printable import quoted

BITS = MappingProxyType({"8": 8, "16": 16, "24": 24, "32": 32, "61": 16, "80": 8, "160": 16, "212": 12, "310": 32 / 3, "311": 32 / 3})
"""Bits of a sample in each of WFDB's formats that has a fixed number; compressed formats have none."""

PAGE = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script")
"""How a page of HTML begins, in lower case."""

READING = Lock()
"""Held by the one thread that reads a header, because warnings are silenced meanwhile for all threads."""

SNIFFED = 1024
"""Bytes at a file's beginning that are looked at."""


def check_form(part: Path, target: Path) -> None:
    """Refuse a file that cannot be what its name says. This finds what is of another form, not other numbers of the same form.

    Parameters
    ----------
    part : the file
    target : the name that it is to have; of signals, the record's header must lie beside that

    Raises
    ------
    DataError
        If it is a page of HTML or empty, or not the record's header, signals or annotations.
    """
    with open(part, "rb") as file:
        begin = file.read(SNIFFED)
    if begin.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(PAGE):
        raise DataError(f"expected the content of {target.name}, got a page of HTML; name another --mirror.")
    if not begin:
        raise DataError(f"expected the content of {target.name}, got an empty file; name another --mirror.")
    if target.suffix in CHECKS:
        CHECKS[target.suffix](part, target)


def _check_header(part: Path, target: Path) -> None:
    """Refuse what is no header of a record of that name with signals, or ends within a line."""
    if not part.read_bytes().endswith(b"\n"):
        raise DataError(
            f"expected whole lines in {target.name}, got a header whose last has no end; name another --mirror, or one that lists its sum."
        )
    with TemporaryDirectory() as folder:
        shutil.copyfile(part, Path(folder, target.name))
        header = _header(Path(folder, target.name), target)
    if header.record_name != target.stem or not header.n_sig:
        raise DataError(
            f"expected the header of record {target.stem} in {target.name}, got {header.n_sig} signals of "
            f'"{quoted(str(header.record_name), 40)}"; name another --mirror.'
        )


def _header(path: Path, target: Path) -> Any:
    with READING, wfdb_errors(target.with_suffix("")):
        import wfdb

        return wfdb.rdheader(str(path.with_suffix("")))


def _check_signals(part: Path, target: Path) -> None:
    """Refuse signals of another size than their header announces."""
    path = target.with_suffix(".hea")
    if not path.is_file():
        raise DataError(f"expected {path} beside signals without a sum, got no such file; fetch the record's header too.")
    expected = _announced(_header(path, target), target.name)
    actual = part.stat().st_size
    if expected is not None and actual != expected:
        raise DataError(f"expected {expected} bytes of signals in {target.name}, as its header says, got {actual}; name another --mirror.")


def _announced(header: Any, name: str) -> int | None:
    """Bytes of a file of signals by its record's header; None if the header does not tell."""
    signals = [i for i, file in enumerate(header.file_name or ()) if file == name]
    if not signals:
        raise DataError(f"expected signals in {name}, as its header says, got a header that names {quoted(str(header.file_name))}.")
    form = header.fmt[signals[0]]
    if form not in BITS or not header.sig_len:
        return None
    samples: int = header.sig_len * sum(header.samps_per_frame[i] for i in signals)
    return int(header.byte_offset[signals[0]] or 0) + ceil(samples * BITS[form] / 8 - 1e-6)


def _check_annotations(part: Path, target: Path) -> None:
    """Refuse annotations that do not end with their end mark."""
    content = part.read_bytes()
    if behind_end_mark(content) != 0:
        raise DataError(
            f"expected annotations and their end mark in {target.name}, got {len(content)} bytes without one; name another --mirror."
        )


CHECKS: Mapping[str, Callable[[Path, Path], None]] = MappingProxyType(
    {".hea": _check_header, ".dat": _check_signals, ".mat": _check_signals, ".atr": _check_annotations}
)
"""What is checked of a file by its suffix."""
