"""WFDB records with beat annotations: one lead is read and checked."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int64

from ecgbench.errors import DataError, MissingDataError

SUFFIXES = (".hea", ".dat", ".atr")
"""Suffixes of an annotated record's files."""

END_OF_ANNOTATIONS = b"\0\0"


@dataclass(frozen=True)
class Record:
    """One lead of a record and its annotations.

    Attributes
    ----------
    signal : (time,) float32, mV
    sample : (annotations,) int64, ascending
    symbol : (annotations,) one-character strings
    """

    name: str
    signal: Float32[np.ndarray, " time"]
    sample: Int64[np.ndarray, " annotations"]
    symbol: Sequence[str]


def read_record(folder: Path, name: str, lead: int, fs: float, check_signal: bool = True) -> Record:
    """Read one lead of a WFDB record and check that it can be used.

    Parameters
    ----------
    check_signal : refuse a flat lead or one with invalid samples; if False, the caller leaves out the windows that are unusable

    Raises
    ------
    MissingDataError
        If one of the record's files is absent.
    DataError
        If the files are truncated or unreadable, the sampling rate is not `fs`, the lead is absent, has invalid (NaN) samples or is
        flat, there is no annotation, or one lies outside the record.
    """
    for suffix in SUFFIXES:
        if not (folder / (name + suffix)).is_file():
            raise MissingDataError(f"expected {folder / (name + suffix)}, got no such file; download the record again.")
    path = folder / name
    with wfdb_errors(path):
        record, announced = _read(path, name, lead, fs)
    _check_lengths(record, path, announced)
    if check_signal:
        _check_signal(record.signal, path)
    return record


@contextmanager
def wfdb_errors(path: Path) -> Iterator[None]:
    """Turn whatever wfdb raises while it reads a record into a DataError of one line, and silence its deprecation warnings.

    wfdb raises any type of exception that its parsing meets, and some of NumPy's messages have several lines.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # wfdb 4.3.1 uses what pandas 3.1 deprecates
            yield
    except DataError:
        raise
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise DataError(f"expected a readable WFDB record {path}, got {reason}; download it again.") from error


def _read(path: Path, name: str, lead: int, fs: float) -> tuple[Record, int | None]:
    """The record, and the number of samples that its header announces."""
    import wfdb

    header = wfdb.rdheader(str(path))
    if header.fs != fs:
        raise DataError(f"expected {fs:g} Hz in {path}.hea, got {header.fs:g} Hz; download the record again or name another dataset.")
    if lead >= header.n_sig:
        raise DataError(f"expected at least {lead + 1} leads in {path}.hea, got {header.n_sig}; download the record again.")
    signal = wfdb.rdrecord(str(path), channels=[lead]).p_signal[:, 0].astype(np.float32)
    annotation = wfdb.rdann(str(path), "atr")
    if not (annotation.symbol and Path(f"{path}.atr").read_bytes().endswith(END_OF_ANNOTATIONS)):
        raise DataError(f"expected annotations and their end mark in {path}.atr, got a truncated or empty file; download the record again.")
    return Record(name, signal, annotation.sample.astype(np.int64), tuple(annotation.symbol)), header.sig_len


def _check_lengths(record: Record, path: Path, announced: int | None) -> None:
    length = len(record.signal)
    if announced is not None and length != announced:
        raise DataError(f"expected {announced} samples in {path}.dat, got {length}; download the record again.")
    outside = record.sample[(record.sample < 0) | (record.sample > length)]  # svdb's record 860 has a beat right behind its end
    if outside.size:
        raise DataError(f"expected annotations of {path}.atr within 0..{length}, got sample {outside[0]}; download the record again.")


def _check_signal(signal: Float32[np.ndarray, " time"], path: Path) -> None:
    invalid = int(np.isnan(signal).sum())
    if invalid:
        raise DataError(f"expected only valid samples in {path}.dat, got {invalid} marked invalid (NaN); leave the record out or mend it.")
    if signal.size and signal.min() == signal.max():
        raise DataError(f"expected an ECG in {path}.dat, got a flat lead at {signal[0]:g} mV; leave the record out.")
