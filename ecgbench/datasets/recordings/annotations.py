"""Annotations in a file of their own, beside the one that holds the leads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Int64

from ecgbench.datasets.recordings.csv_files import read_table
from ecgbench.datasets.recordings.recording import Wanted
from ecgbench.datasets.records.files.wfdb_reader import SUFFIXES, read_annotations
from ecgbench.errors import DataError

TABLE = ".csv"
"""Ending of the extension of annotations as a table; of any other extension they are WFDB's."""

COLUMNS = ("sample", "symbol")


def file_of_annotations(path: Path, wanted: Wanted, of_wfdb: bool) -> Path | None:
    """The file of annotations beside a file; None where they stand in it.

    Parameters
    ----------
    of_wfdb : whether it is a WFDB record, named without ending, whose annotations always stand in a file of their own
    """
    extension = wanted.annotations
    if extension is None:
        usual = path.with_name(path.name + SUFFIXES[-1])
        return usual if of_wfdb and (wanted.annotated or usual.is_file()) else None
    return path.with_name(f"{path.name if of_wfdb else path.stem}.{extension}")


def beside(path: Path, fs: float, remedy: str) -> tuple[Int64[np.ndarray, " annotations"], tuple[str, ...]]:
    """Samples and symbols of a file of annotations.

    Parameters
    ----------
    fs : Hz, of the leads

    Raises
    ------
    DataError
        If it cannot be read, or holds no annotation.
    """
    if path.suffix.lower() == TABLE:
        return _table(path, remedy)
    sample, symbol = read_annotations(path.with_suffix(""), path.suffix, fs, remedy)
    order = np.argsort(sample, kind="stable")  # a file may step back
    return sample[order], tuple(symbol[place] for place in order)


def _table(path: Path, remedy: str) -> tuple[Int64[np.ndarray, " annotations"], tuple[str, ...]]:
    """A table of two columns, `sample` and `symbol`, in any order."""
    names, rows = read_table(path, remedy)
    if sorted(names) != sorted(COLUMNS):
        raise DataError(f"expected columns {' and '.join(COLUMNS)} in {path}, got {', '.join(names)}; name them so in its first line.")
    place, text = (names.index(column) for column in COLUMNS)
    wrong = next((row for row in rows if len(row) != len(COLUMNS) or not row[place].strip().isdecimal() or len(row[place]) > 15), None)
    if wrong is not None or not rows:
        got = "no row" if wrong is None else ",".join(wrong)[:80]
        raise DataError(f"expected rows of a sample from 0 and its symbol in {path}, got {got}; {remedy}.")
    found = sorted(((int(row[place]), row[text].strip()) for row in rows), key=lambda one: one[0])
    return np.array([sample for sample, _ in found], dtype=np.int64), tuple(symbol for _, symbol in found)
