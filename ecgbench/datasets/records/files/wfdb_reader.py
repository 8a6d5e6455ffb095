"""WFDB records with beat annotations: leads are read and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float32, Int64

from ecgbench.datasets.records.files.wfdb_header import AGAIN, read_header, read_signals, signal_files, wfdb_errors
from ecgbench.errors import DataError, MissingDataError

if TYPE_CHECKING:
    import wfdb

SUFFIXES = (".hea", ".dat", ".atr")
"""Suffixes of an annotated record's files, as public databases name them: the header's first, the annotations' last."""

SKIP, NOTE = 59, 63
"""Kinds of words in an annotation file that other bytes follow: a distance of four bytes, and a text of the stated length."""


@dataclass(frozen=True)
class Record:
    """Leads of a record and its annotations.

    Attributes
    ----------
    signal : (leads, time) float32, mV
    sample : (annotations,) int64, ascending
    symbol : (annotations,) texts: of WFDB records one character each
    """

    name: str
    signal: Float32[np.ndarray, "leads time"]
    sample: Int64[np.ndarray, " annotations"]
    symbol: Sequence[str]


def record_files(path: Path, absent: str = AGAIN, remedy: str = AGAIN) -> list[Path]:
    """A record's files: its header, the files of signals that the header names, and its annotations.

    Parameters
    ----------
    path : of the record, without a suffix
    absent : what helps where one is not there
    remedy : what helps where the header cannot be used

    Raises
    ------
    MissingDataError, DataError
        If one is absent, or the header cannot be read.
    """
    header = path.with_name(path.name + SUFFIXES[0])
    if not header.is_file():
        raise MissingDataError(f"expected {header}, got no such file; {absent}")
    return _files(path, read_header(path, remedy), absent)


def _files(path: Path, header: wfdb.Record, absent: str) -> list[Path]:
    """A record's files, of which the header has been read."""
    stated, annotations = (path.with_name(path.name + suffix) for suffix in (SUFFIXES[0], SUFFIXES[-1]))
    if not annotations.is_file():
        raise MissingDataError(f"expected {annotations}, got no such file; {absent}")
    return [stated, *signal_files(path, header, absent), annotations]


def read_record(folder: Path, name: str, lead: int, fs: float, check_signal: bool = True, remedy: str = AGAIN) -> Record:
    """Read one lead of a WFDB record and check that it can be used.

    Parameters
    ----------
    check_signal : refuse a flat lead or one with invalid samples; if False, the caller leaves out the windows that are unusable
    remedy : what helps where the record is damaged or not of the expected form

    Raises
    ------
    MissingDataError
        If one of the record's files is absent.
    DataError
        If the files are truncated, damaged or unreadable, the sampling rate is not `fs`, the lead is absent, not a voltage, has invalid
        (NaN) samples or is flat, there is no annotation, one lies outside the record, or they have labels of their own.
    """
    path = folder / name
    header = read_header(path, remedy)
    _files(path, header, remedy)
    _check_signals(header, lead, fs, path, remedy)
    _, signal = read_signals(path, [lead], remedy)
    length = signal.shape[1]
    if header.sig_len is not None and length != header.sig_len:
        raise DataError(f"expected {header.sig_len} samples in the signal of {path}, got {length}; {remedy}.")
    sample, symbol = read_annotations(path, SUFFIXES[-1], fs, remedy)
    outside = sample[(sample < 0) | (sample > length)]  # svdb's record 860 has a beat right behind its end
    if outside.size:
        raise DataError(f"expected annotations of {path}.atr within 0..{length}, got sample {outside[0]}; {remedy}.")
    if check_signal:
        _check_signal(signal[0], path)
    return Record(name, signal, sample, symbol)


def _check_signals(header: wfdb.Record, lead: int, fs: float, path: Path, remedy: str) -> None:
    if header.fs != fs:
        raise DataError(f"expected {fs:g} Hz in {path}.hea, got {header.fs:g} Hz; {remedy} or name another dataset.")
    if lead >= header.n_sig:
        raise DataError(f"expected at least {lead + 1} leads in {path}.hea, got {header.n_sig}; {remedy}.")


def read_annotations(path: Path, suffix: str, fs: float, remedy: str = AGAIN) -> tuple[Int64[np.ndarray, " annotations"], Sequence[str]]:
    """Samples of the signal and symbols of a record's annotations.

    Parameters
    ----------
    path : of the record, without a suffix
    suffix : of the file of annotations
    remedy : what helps where the file is damaged

    Raises
    ------
    DataError
        If it is truncated, damaged or unreadable, holds no annotation, or has labels of its own.
    """
    import wfdb

    where = path.with_name(path.name + suffix)
    with wfdb_errors(path, remedy):
        found = wfdb.rdann(str(path), suffix.removeprefix("."))
    rest = behind_end_mark(where.read_bytes())
    if not found.symbol or rest is None:
        raise DataError(f"expected annotations and their end mark in {where}, got a truncated or empty file; {remedy}.")
    if rest:
        raise DataError(f"expected nothing behind the end mark of {where}, got {rest} bytes more; {remedy}.")
    if found.custom_labels is not None and len(found.custom_labels):
        raise DataError(
            f"expected WFDB's own annotation labels in {where}, got a table of labels of its own; write the annotations with WFDB's labels."
        )
    nameless = sum(not isinstance(symbol, str) for symbol in found.symbol)
    if nameless:
        raise DataError(f"expected annotations of WFDB's kinds in {where}, got {nameless} of kinds that it does not have; {remedy}.")
    # The file may count in steps of its own; they are brought to samples of the signal.
    sample = np.round(np.asarray(found.sample) * (fs / (found.fs or fs)))
    return sample.astype(np.int64), tuple(found.symbol)


def behind_end_mark(data: bytes) -> int | None:
    """Bytes that follow the end mark of an annotation file, which wfdb would take for more annotations; None without an end mark."""
    place = 0
    while place + 1 < len(data):
        word = int.from_bytes(data[place : place + 2], "little")
        place += 2
        if not word:
            return len(data) - place
        kind, count = word >> 10, word & 0x3FF
        if kind == SKIP:
            place += 4
        elif kind == NOTE:
            place += count + count % 2
    return None


def _check_signal(signal: Float32[np.ndarray, " time"], path: Path) -> None:
    invalid = int(np.isnan(signal).sum())
    if invalid:
        raise DataError(f"expected only valid samples in {path}.dat, got {invalid} marked invalid (NaN); leave the record out or mend it.")
    if signal.size and signal.min() == signal.max():
        raise DataError(f"expected an ECG in {path}.dat, got a flat lead at {signal[0]:g} mV; leave the record out.")
