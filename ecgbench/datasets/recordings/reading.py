"""Reading a file of leads of any of the formats, chosen by its name's ending."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from ecgbench.datasets.recordings.annotations import beside, file_of_annotations
from ecgbench.datasets.recordings.array_files import read_arrays
from ecgbench.datasets.recordings.csv_files import read_csv
from ecgbench.datasets.recordings.edf_files import read_edf
from ecgbench.datasets.recordings.recording import Recording, Wanted
from ecgbench.datasets.recordings.resampling import moved, ratio_of, resampled
from ecgbench.datasets.recordings.wfdb_files import read_wfdb, wfdb_parts
from ecgbench.errors import DataError, MissingDataError

READERS: Mapping[str, Callable[[Path, Wanted, str], Recording]] = MappingProxyType(
    {".edf": read_edf, ".bdf": read_edf, ".csv": read_csv, ".h5": read_arrays, ".hdf5": read_arrays, ".mat": read_arrays}
)
"""Readers by the ending of a file's name; any other is that of a WFDB record."""


def parts_of(path: Path, wanted: Wanted, absent: str, remedy: str) -> list[Path]:
    """The files of a recording: itself, or a WFDB record's header and signals, and the file of annotations beside it.

    Raises
    ------
    MissingDataError
        If one is not there.
    """
    parts = wfdb_parts(path, absent, remedy) if is_wfdb(path) else [path]
    annotations = file_of_annotations(path, wanted, is_wfdb(path))
    parts += [] if annotations is None else [annotations]
    for part in parts:
        if not part.is_file():
            raise MissingDataError(f"expected {part}, got no such file; {absent}.")
    return parts


def is_wfdb(path: Path) -> bool:
    """Whether a path is that of a WFDB record, which has no ending of another format."""
    return path.suffix.lower() not in READERS


def read_wanted(path: Path, wanted: Wanted, remedy: str) -> Recording:
    """The wanted leads and the annotations of a file, at the wanted rate, checked.

    Raises
    ------
    DataError
        If the file cannot be read or does not say what it must, a lead is not there, no voltage, or has values that are not finite, none of
        the leads varies, an annotation lies outside, or the rate has no ratio of small whole numbers to the wanted one.
    """
    reader = read_wfdb if is_wfdb(path) else READERS[path.suffix.lower()]
    found = reader(path, wanted, remedy)
    of_annotations = file_of_annotations(path, wanted, is_wfdb(path))
    if of_annotations is not None:
        sample, symbol = beside(of_annotations, found.fs, remedy)
        found = replace(found, sample=sample, symbol=symbol)
    _check(found, path, remedy)
    return found if wanted.fs in (None, found.fs) else _at_rate(found, float(wanted.fs or 0), path)


def _check(found: Recording, path: Path, remedy: str) -> None:
    signal, length = found.signal, found.signal.shape[1]
    invalid = signal.size - int(np.isfinite(signal).sum())
    if invalid:
        raise DataError(f"expected only valid samples in {path}, got {invalid} that are none (NaN); leave the record out or mend it.")
    if not signal.size or (signal.min(axis=1) == signal.max(axis=1)).all():
        raise DataError(f"expected an ECG in {path}, got a flat lead; leave the record out.")
    outside = found.sample[(found.sample < 0) | (found.sample > length)]
    if outside.size:
        raise DataError(f"expected annotations of {path} within 0..{length}, got sample {outside[0]}; {remedy}.")


def _at_rate(found: Recording, fs: float, path: Path) -> Recording:
    length = found.signal.shape[1]
    ratio = ratio_of(found.fs, fs, length, str(path))
    signal = resampled(found.signal, ratio, str(path))
    return replace(found, signal=signal, fs=fs, sample=moved(found.sample, ratio, length, signal.shape[1]))
