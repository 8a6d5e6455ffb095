"""Reading one file of leads, and checking what a user says of such files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ecgbench.datasets.own.numbers import names_of, positive
from ecgbench.datasets.recordings.array_files import ARRAYS
from ecgbench.datasets.recordings.reading import parts_of, read_wanted
from ecgbench.datasets.recordings.recording import Recording, Wanted, factor_of
from ecgbench.datasets.recordings.wfdb_files import HEADER
from ecgbench.errors import DataError, InputError
from ecgbench.inputs import at_least
from ecgbench.printable import shortened
from ecgbench.untrusted.texts import file_name

REMEDY, ABSENT = "mend it, or write it again", "name a file that is there"


def read_recording(
    path: str | os.PathLike[str],
    leads: Sequence[str] | None = None,
    fs: float | None = None,
    annotations: str | None = None,
    record_fs: float | None = None,
    unit: str | None = None,
    arrays: Mapping[str, str] | None = None,
) -> Recording:
    """Read leads and annotations of a file: EDF, EDF+ or BDF (.edf, .bdf), CSV (.csv), HDF5 (.h5, .hdf5), MAT (.mat), or a WFDB record.

    Parameters
    ----------
    path : of the file; of a WFDB record, its header, or its name without ending
    leads : names of the leads, in the order in which they are wanted; by default all
    fs : Hz to which leads and the places of annotations are resampled; by default the file's own rate
    annotations : extension of the file of annotations beside it, such as "atr", or "beats.csv" for a table of `sample` and `symbol`; by
        default those in the file itself, or a WFDB record's .atr where it has one
    record_fs : Hz of a file that doesn't say it; a table never does
    unit : of a file that doesn't say it, "mV" by default, "uV" or "V"
    arrays : names of an HDF5 or MAT file's arrays by the usual ones (signal, fs, leads, unit, sample, symbol): {"signal": "ecg/data"}

    Returns
    -------
    Recording, with `signal` (leads, time) float32 in mV, `fs`, `leads`, `sample` (annotations,) and `symbol`

    Raises
    ------
    InputError
        If an argument is invalid, or the package that reads such files is not installed.
    DataError
        If the file is absent, damaged, larger than the bounds, lacks a lead, a rate or a voltage, or has values that are not finite.
    """
    where = Path(path).expanduser()
    where = where.with_suffix("") if where.suffix == HEADER else where
    wanted = wanted_of(leads=leads, fs=fs, annotations=annotations, record_fs=record_fs, unit=unit, arrays=arrays)
    parts_of(where, wanted, ABSENT, REMEDY)
    return read_wanted(where, wanted, REMEDY)


def wanted_of(
    leads: Any, fs: Any, annotations: Any, record_fs: Any, unit: Any, arrays: Any, lead: int | None = None, annotated: bool = False
) -> Wanted:
    """What is read of a file, checked.

    Parameters
    ----------
    lead, annotated : as those of `Wanted`
    leads, fs, annotations, record_fs, unit, arrays : as those of `read_recording`

    Raises
    ------
    InputError
        If one is invalid.
    """
    return Wanted(
        leads=None if leads is None else names_of("leads", leads),
        lead=None if lead is None else at_least("lead", lead, 0),
        annotations=None if annotations is None else _extension(annotations),
        annotated=annotated,
        fs=None if fs is None else positive("fs", fs),
        record_fs=None if record_fs is None else positive("record_fs", record_fs),
        unit=None if unit is None else _unit(unit),
        arrays=() if arrays is None else _arrays(arrays),
    )


def _extension(given: Any) -> str:
    if not isinstance(given, str):
        raise InputError(f'expected annotations as the extension of a file, such as "atr", got {shortened(repr(given))}; name it so.')
    return file_name("annotations", given.removeprefix("."))


def _unit(given: Any) -> str:
    try:
        factor_of(str(given), "records that don't say theirs")
    except DataError as error:
        raise InputError(f"expected unit mV, uV or V, got {shortened(repr(given))}; name the unit of the values.") from error
    return str(given)


def _arrays(given: Any) -> tuple[tuple[str, str], ...]:
    pairs = tuple(given.items()) if isinstance(given, Mapping) else ()
    if not pairs or not all(usual in ARRAYS and isinstance(name, str) and name.strip("/") for usual, name in pairs):
        raise InputError(
            f'expected arrays as names by usual names ({", ".join(ARRAYS)}), such as {{"signal": "ecg"}}, got {shortened(repr(given))}; '
            "name them so."
        )
    return pairs
