"""WFDB records of a user."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ecgbench.datasets.recordings.recording import NO_ANNOTATIONS, Recording, Wanted
from ecgbench.datasets.records.files.wfdb_header import read_header, read_signals, signal_files
from ecgbench.errors import DataError, MissingDataError

if TYPE_CHECKING:
    import wfdb

HEADER = ".hea"

FLAC = ("508", "516", "524")
"""Formats whose samples may take less than a byte each."""

MOST_SAMPLES = 1 << 30
"""Most samples of a file of such a format: a day of twelve leads at 1,000 Hz."""


def wfdb_parts(path: Path, absent: str, remedy: str) -> list[Path]:
    """A record's header and the files of signals that it names.

    Raises
    ------
    MissingDataError, DataError
        If one is absent, or the header cannot be read.
    """
    header = path.with_name(path.name + HEADER)
    if not header.is_file():
        raise MissingDataError(f"expected {header}, got no such file; {absent}.")
    return [header, *signal_files(path, read_header(path, remedy), f"{absent}.")]


def read_wfdb(path: Path, wanted: Wanted, remedy: str) -> Recording:
    """The wanted leads of a WFDB record."""
    header = read_header(path, remedy)
    where = f"{path}{HEADER}"
    names = [name or f"lead {place}" for place, name in enumerate(header.sig_name or ())]
    places = wanted.places(names, where, remedy)
    signal_files(path, header, remedy)
    _check_length(header, path, remedy)
    _, signal = read_signals(path, places, remedy)
    if header.sig_len is not None and signal.shape[1] != header.sig_len:
        raise DataError(f"expected {header.sig_len} samples in the signal of {path}, got {signal.shape[1]}; {remedy}.")
    return Recording(signal, float(header.fs), tuple(names[place] for place in places), *NO_ANNOTATIONS)


def _check_length(header: wfdb.Record, path: Path, remedy: str) -> None:
    """Refuse a header that states more samples than its files can hold, before memory is taken for them."""
    for name, kind in dict(zip(header.file_name, header.fmt, strict=True)).items():
        stated, size = (header.sig_len or 0) * header.file_name.count(name), path.with_name(name).stat().st_size
        if stated > (MOST_SAMPLES if kind in FLAC else size):
            raise DataError(f"expected at most as many samples in {path}{HEADER} as {name} has bytes, {size}, got {stated}; {remedy}.")
