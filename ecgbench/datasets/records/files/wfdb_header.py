"""What a WFDB header says of a record, checked: whose record it is, which files hold it, in which units, and the signals' checksums."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float32

from ecgbench.errors import DataError, MissingDataError

if TYPE_CHECKING:
    import wfdb

MILLIVOLTS = MappingProxyType({"mv": 1.0, "uv": 1e-3, "v": 1e3})
"""What a value in a unit (in small letters) is multiplied with."""

AGAIN = "download the record again"
"""What helps against a damaged record of a public database."""


@contextmanager
def wfdb_errors(path: Path, remedy: str = AGAIN) -> Iterator[None]:
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
        raise DataError(f"expected a readable WFDB record {path}, got {reason}; {remedy}.") from error


def read_header(path: Path, remedy: str = AGAIN) -> wfdb.Record:
    """The header of a record.

    Parameters
    ----------
    path : of the record, without a suffix
    remedy : what helps where the record cannot be used

    Raises
    ------
    MissingDataError
        If there is no header.
    DataError
        If it cannot be read, or the record is of a form that is not read.
    """
    where = path.with_name(f"{path.name}.hea")
    if not where.is_file():
        raise MissingDataError(f"expected {where}, got no such file; {remedy}.")
    with wfdb_errors(path, remedy):
        import wfdb  # which warns where pandas 3.1 is new to it

        header = wfdb.rdheader(str(path))
    check_form(header, path, remedy)
    return header


def check_form(header: wfdb.Record | wfdb.MultiRecord, path: Path, remedy: str = AGAIN) -> None:
    """Refuse a header of another record, and a record of several segments, with skewed signals, or several samples a frame."""
    where = path.with_name(f"{path.name}.hea")
    if header.record_name != path.name:
        raise DataError(f"expected the header of record {path.name} in {where}, got that of record {header.record_name}; {remedy}.")
    if getattr(header, "n_seg", None) is not None:
        raise DataError(f"expected a record of one segment in {where}, got {header.n_seg} segments; join them to one record.")
    described = len(header.file_name or ())
    if not header.n_sig or described != header.n_sig:
        raise DataError(f"expected a line for each signal in {where}, got {described} lines and {header.n_sig} signals; {remedy}.")
    skew = next((skew for skew in header.skew or () if skew), 0)
    if skew:
        raise DataError(f"expected signals that begin together in {where}, got a skew of {skew} samples; shift the signals to remove it.")
    frame = next((count for count in header.samps_per_frame or () if count not in (None, 1)), 1)
    if frame != 1:
        raise DataError(f"expected one sample of each signal a frame in {where}, got {frame}; resample the signals to one rate.")


def signal_files(path: Path, header: wfdb.Record, absent: str = AGAIN) -> list[Path]:
    """The files that hold the signals, as the header names them.

    Parameters
    ----------
    absent : what helps where one is not there

    Raises
    ------
    MissingDataError
        If one is not there.
    """
    files = [path.with_name(name) for name in dict.fromkeys(header.file_name or ())]
    for file in files:
        if not file.is_file():
            raise MissingDataError(f"expected {file}, which {path}.hea names, got no such file; {absent}")
    return files


def read_signals(
    path: Path, places: Sequence[int] | None = None, remedy: str = AGAIN
) -> tuple[wfdb.Record, Float32[np.ndarray, "leads time"]]:
    """What the header says of some signals, and the signals in mV, nan where a sample is marked invalid.

    Parameters
    ----------
    path : of the record, without a suffix
    places : of the signals, from 0; None for all
    remedy : what helps where the record cannot be used

    Raises
    ------
    DataError
        If the record cannot be read or is of a form that is not read, a unit is none of a voltage, or a signal does not have the checksum
        that the header states.
    """
    import wfdb

    with wfdb_errors(path, remedy):
        record = wfdb.rdrecord(str(path), channels=None if places is None else list(places), physical=False)
    check_form(record, path, remedy)
    factors = [_factor(unit, path) for unit in record.units]
    with wfdb_errors(path, remedy):
        sums, physical = record.calc_checksum(), record.dac()
    for name, stated, found in zip(record.sig_name, record.checksum or [None] * len(sums), sums, strict=True):
        _check_sum(name, stated, found, path, remedy)
    signals: Float32[np.ndarray, "leads time"] = np.ascontiguousarray((physical * factors).T, dtype=np.float32)
    return record, signals


def _factor(unit: str | None, path: Path) -> float:
    factor = MILLIVOLTS.get((unit or "mV").lower())
    if factor is None:
        raise DataError(f"expected a signal in mV, uV or V in {path}.hea, got {unit}; choose another lead.")
    return factor


def _check_sum(name: str | None, stated: int | None, found: int, path: Path, remedy: str) -> None:
    """Refuse a signal that does not add up to the header's checksum; 0 is what writers put there that compute none."""
    if stated and (found - stated) % 65536:
        raise DataError(
            f"expected samples of {name or 'a signal'} in {path} that add up to {stated % 65536}, as its header states, got {found}: the "
            f"file is damaged; {remedy}."
        )
