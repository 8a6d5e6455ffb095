"""Leads in a table: a line of their names, then a line for each sample, with commas between."""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ecgbench.datasets.recordings.recording import NO_ANNOTATIONS, Recording, Wanted, factor_of, in_millivolts
from ecgbench.errors import DataError
from ecgbench.printable import quoted
from ecgbench.untrusted.files import regular_file

MOST_BYTES = 1 << 30
"""Bytes that a table may have: numbers take about as many in memory."""

LONGEST_LINE = 1 << 16
"""Characters of a line: of 12 leads it has some 200."""

COMMA = ","


def read_csv(path: Path, wanted: Wanted, remedy: str) -> Recording:
    """The wanted columns of a table as leads. The rate is what the caller says.

    Raises
    ------
    DataError
        If it is no such table, or nobody says its rate.
    """
    if wanted.record_fs is None:
        raise DataError(f"expected the rate of {path}, got none, as tables don't say it; name it in Hz with record_fs=.")
    with _lines(path, remedy) as lines:
        names = _names(lines, path)
        places = wanted.places(names, str(path), remedy)
        values = np.loadtxt(_whole(lines, len(names)), delimiter=COMMA, usecols=places, ndmin=2, comments=None, quotechar='"')
    signal = in_millivolts(values.T, factor_of(wanted.unit or "mV", str(path)))
    return Recording(signal, wanted.record_fs, tuple(names[place] for place in places), *NO_ANNOTATIONS)


def read_table(path: Path, remedy: str) -> tuple[list[str], list[list[str]]]:
    """The names of a table's columns, and its rows as texts.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    with _lines(path, remedy) as lines:
        names = _names(lines, path)
        return names, [row for row in csv.reader(lines) if row]


@contextmanager
def _lines(path: Path, remedy: str) -> Iterator[Iterator[str]]:
    """The lines of a text file within bounds; whatever goes wrong with them becomes a DataError of one line."""
    try:
        with regular_file(path, follow_links=True) as (file, size), warnings.catch_warnings():
            warnings.simplefilter("error")
            if size > MOST_BYTES:
                raise DataError(f"expected at most {MOST_BYTES} bytes in {path}, got {size}; cut it into several recordings.")
            with io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
                yield _bounded(text)
    except DataError:
        raise
    except (ValueError, OSError, csv.Error, UserWarning) as error:  # of which the refusals of `regular_file` are
        raise DataError(f"expected a table of numbers in {path}, got {quoted(str(error))}; {remedy}.") from error


def _bounded(file: io.TextIOWrapper) -> Iterator[str]:
    while line := file.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            raise ValueError(f"a line of {LONGEST_LINE} characters or more")
        yield line


def _names(lines: Iterator[str], path: Path) -> list[str]:
    names = [name.strip().strip("'") for name in next(csv.reader(lines), [])]
    if not names or not all(names) or all(_is_number(name) for name in names):
        got = quoted(COMMA.join(names), 80) or "nothing"
        raise DataError(f"expected names of columns in the first line of {path}, got {got}; write them there, with commas between.")
    return names


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _whole(lines: Iterable[str], columns: int) -> Iterator[str]:
    """The lines, each of which has a value for each column: a comma in a number would move all behind it."""
    for line in lines:
        if not line.strip():
            continue
        if line.count(COMMA) != columns - 1:
            raise ValueError(f"{line.count(COMMA) + 1} values beside {columns} names: {line.strip()[:80]}")
        yield line
