"""EDF, EDF+ and BDF files, read by edfio."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Int64

from ecgbench.datasets.recordings.recording import Recording, Wanted, factor_of, in_millivolts
from ecgbench.errors import DataError
from ecgbench.printable import quoted
from ecgbench.untrusted.extras import needed
from ecgbench.untrusted.files import regular_file

if TYPE_CHECKING:
    import edfio

BDF = ".bdf"

FIELD, MOST_SIGNALS = 256, 4096
"""Bytes of a header, and of what it says of each signal, and the most signals, which bound what is read of it."""

MOST_BYTES = 1 << 32
"""Bytes that a file may have: its samples lie in it as they are, so that they bound what is read."""


def read_edf(path: Path, wanted: Wanted, remedy: str) -> Recording:
    """The wanted leads of an EDF or BDF file, and its EDF+ annotations.

    Raises
    ------
    DataError
        If it is no such file, is cut off or interrupted, or the leads differ in rate.
    """
    needed("edfio", path)
    _check_size(path)
    with _edf_errors(path, remedy):
        file = _opened(path)
        if not file.is_continuous:
            raise DataError(f"expected a recording without gaps in {path}, got one of several parts (EDF+D); cut it into its parts.")
        signals = file.signals
        if any(signal.samples_per_data_record <= 0 for signal in signals):
            raise ValueError("signals without samples")
        places = wanted.places([signal.label for signal in signals], str(path), remedy)
        chosen = [signals[place] for place in places]
        fs = _rate(chosen, file.data_record_duration, path)
        wanted.stated("a rate of", fs, wanted.record_fs, str(path))
        rows = [in_millivolts(_values(signal)[None], factor_of(signal.physical_dimension, str(path))) for signal in chosen]
        sample, symbol = _annotations(file, fs)
    return Recording(np.concatenate(rows), fs, tuple(signal.label for signal in chosen), sample, symbol)


def _check_size(path: Path) -> None:
    """Refuse a file whose header would be longer than itself, before it is read."""
    with regular_file(path, follow_links=True) as (file, size):
        head = file.read(FIELD)
    count = head[252:].strip()
    signals = int(count) if count.isdigit() else 0
    if not 0 < signals <= MOST_SIGNALS or FIELD * (1 + signals) > size or size > MOST_BYTES:
        raise DataError(f"expected an EDF file of 1 to {MOST_SIGNALS} signals in {path}, got {signals} in {size} bytes; write it again.")


def _opened(path: Path) -> edfio.Edf | edfio.Bdf:
    import edfio

    return edfio.read_bdf(path) if path.suffix.lower() == BDF else edfio.read_edf(path, header_encoding="latin-1")


@contextmanager
def _edf_errors(path: Path, remedy: str) -> Iterator[None]:
    """Turn whatever edfio raises, or warns of, as that a file is cut off, into a DataError of one line."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            yield
    except DataError:
        raise
    except Exception as error:  # the file is anybody's, and so is what parsing it raises
        raise DataError(f"expected a whole EDF file {path}, got {type(error).__name__}: {quoted(str(error))}; {remedy}.") from error


def _rate(signals: Sequence[Any], seconds: float, path: Path) -> float:
    """The rate of signals in records of so many seconds: 77 samples in 0.3 s are not quite what floats divide them to."""
    record = Fraction(repr(float(seconds)))
    rates = sorted({float(signal.samples_per_data_record / record) for signal in signals}) if record > 0 else []
    if len(rates) != 1:
        got = " and ".join(f"{rate:g}" for rate in rates[:3]) or "none"
        raise DataError(f"expected leads of one rate in {path}, got {got} Hz; name leads that have the same.")
    return rates[0]


def _values(signal: Any) -> np.ndarray:
    """The signal in its unit. Limits that are none are refused: edfio would return whole numbers for them."""
    limits = np.array([signal.physical_min, signal.physical_max, signal.digital_min, signal.digital_max], dtype=np.float64)
    if not np.isfinite(limits).all() or limits[0] == limits[1] or limits[2] >= limits[3]:
        raise ValueError(f"limits {limits.tolist()} of {signal.label}")
    values: np.ndarray = signal.data
    return values


def _annotations(file: edfio.Edf | edfio.Bdf, fs: float) -> tuple[Int64[np.ndarray, " annotations"], tuple[str, ...]]:
    """The nearest sample of each annotation, in their order, and its text; empty ones keep time and say nothing."""
    found = [one for one in file.annotations if one.text.strip()]
    sample = np.array([round(one.onset * fs) for one in found], dtype=np.int64)
    return sample, tuple(one.text.strip() for one in found)
