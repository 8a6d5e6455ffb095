"""PTB-XL's tables: which records there are, whose they are, what is said of them, and on which side of the split they stand."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ecgbench.datasets.physionet.download import fetch_command
from ecgbench.datasets.records.whole_records import Row
from ecgbench.errors import DataError, MissingDataError
from ecgbench.protocol import PTBXL, PTBXL_LABELS, DatasetProtocol

DATABASE, STATEMENTS = "ptbxl_database.csv", "scp_statements.csv"

COLUMNS = ("ecg_id", "patient_id", "scp_codes", "heart_axis", "strat_fold", "filename_lr", "filename_hr")

FOLDS = range(1, 11)

MOST_RECORDS = 99_999
"""Records that a number of five digits can name."""

LOW_RATE = 100
"""Hz, the lower of the two rates; its files are named by `filename_lr`."""


@dataclass(frozen=True)
class Listed:
    """What an edition lists.

    Attributes
    ----------
    rows : the records that have one of the labels
    folds : of each of these, 1 to 10; 0 where nobody says it
    total : records that are listed
    unlabelled : of these, those that have none of the labels
    notes : what a reader must know beside that
    """

    rows: tuple[Row, ...]
    folds: tuple[int, ...]
    total: int
    unlabelled: int
    notes: tuple[str, ...]


def table_files(numbers: DatasetProtocol, listed: Collection[str]) -> list[str]:
    """The tables, and all records at the edition's sampling rate."""
    return [DATABASE, STATEMENTS, *sorted(path for path in listed if path.startswith(f"records{numbers.fs:g}/"))]


def read_tables(folder: Path, numbers: DatasetProtocol) -> Listed:
    """All records of `ptbxl_database.csv` that have one of the labels.

    Raises
    ------
    MissingDataError, DataError
        If a table is absent, cannot be read, lacks a column, or holds a value that is none of its column.
    """
    database, known = read_database(folder, numbers), _known_codes(folder, numbers)
    said = [_codes(folder, *record) for record in zip(database.ecg_id, database.scp_codes, strict=True)]
    labels = [labels_of(codes, str(axis)) for codes, axis in zip(said, database.heart_axis, strict=True)]
    described = zip(database.ecg_id, _paths(folder, database, numbers), _patients(database), labels, strict=True)
    rows = [Row(f"{number:05d}", path, patient, found) for number, path, patient, found in described]
    kept = [i for i, found in enumerate(labels) if found]
    notes = []
    unknown = Counter(code for codes in said for code in codes if code not in known)
    if unknown:
        named = ", ".join(f"{code} {count}" for code, count in sorted(unknown.items()))
        notes.append(f"SCP codes that {STATEMENTS} does not know were passed over: {named}.")
    folds = tuple(int(fold) for fold in database.strat_fold.iloc[kept])
    return Listed(tuple(rows[i] for i in kept), folds, len(rows), len(rows) - len(kept), tuple(notes))


def _paths(folder: Path, database: pd.DataFrame, numbers: DatasetProtocol) -> pd.Series[str]:
    """Of the records' files at the edition's rate, below the database's folder and without suffix."""
    column = "filename_lr" if numbers.fs == LOW_RATE else "filename_hr"
    unnamed = database[database[column].isna()]
    if not unnamed.empty:
        raise DataError(f"expected {column} of record {unnamed.ecg_id.iloc[0]} in {folder / DATABASE}, got none; download it again.")
    return database[column].astype(str)


def _patients(database: pd.DataFrame) -> list[str]:
    """Patients as whole numbers; the table has 15709.0."""
    return [f"{patient:.0f}" for patient in database.patient_id]


def labels_of(codes: Collection[str], axis: str) -> tuple[int, ...]:
    """Integers of the labels that a record's SCP codes and its heart axis say."""
    return tuple(i for i, label in enumerate(PTBXL_LABELS) if axis in label.axis or not set(codes).isdisjoint(label.scp))


def read_database(folder: Path, numbers: DatasetProtocol) -> pd.DataFrame:
    """`ptbxl_database.csv`, checked: every record once, each with a patient and a fold."""
    database = _read(folder / DATABASE, numbers)
    lacking = [column for column in COLUMNS if column not in database]
    if lacking:
        raise DataError(
            f"expected columns {', '.join(COLUMNS)} in {folder / DATABASE}, got none of {', '.join(lacking)}; download it again."
        )
    if database.empty:
        raise DataError(f"expected records in {folder / DATABASE}, got an empty table; download it again.")
    numbered = pd.to_numeric(database.ecg_id, errors="coerce")
    odd = database.ecg_id[~(numbered.between(1, MOST_RECORDS) & (numbered % 1 == 0))]
    if not odd.empty:
        raise DataError(f"expected whole numbers as ecg_id in {folder / DATABASE}, got {odd.iloc[0]}; download it again.")
    database = database.assign(ecg_id=numbered.astype(int))
    twice = database.ecg_id[database.ecg_id.duplicated()]
    if not twice.empty:
        raise DataError(f"expected every ecg_id once in {folder / DATABASE}, got {twice.iloc[0]} twice; download it again.")
    patient, fold = (pd.to_numeric(database[column], errors="coerce") for column in ("patient_id", "strat_fold"))
    whole = (patient % 1 == 0) & fold.isin(FOLDS)
    if not whole.all():
        first = database[~whole].iloc[0]
        raise DataError(
            f"expected a patient and a fold of 1 to 10 for record {first.ecg_id} in {folder / DATABASE}, "
            f"got {first.patient_id} and {first.strat_fold}; download it again."
        )
    return database


def _known_codes(folder: Path, numbers: DatasetProtocol) -> frozenset[str]:
    return frozenset(_read(folder / STATEMENTS, numbers).iloc[:, 0].astype(str))


def _read(path: Path, numbers: DatasetProtocol) -> pd.DataFrame:
    if not path.is_file():
        raise MissingDataError(f"expected {path}, got no such file; fetch it: {fetch_command(numbers, path.parents[2])}")
    try:
        return pd.read_csv(path)
    except (ValueError, OSError) as error:
        raise DataError(f"expected a table in {path}, got {str(error).strip()}; download it again.") from error


def _codes(folder: Path, record: int, said: object) -> Collection[str]:
    """SCP codes that are said of a record, without their likelihoods."""
    try:
        codes = ast.literal_eval(str(said))
        if not (isinstance(codes, dict) and all(isinstance(code, str) for code in codes)):
            raise ValueError
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
        raise DataError(
            f"expected SCP codes and their likelihoods like {{'NORM': 100.0}} for record {record} in {folder / DATABASE}, "
            f"got {said}; download it again."
        ) from error
    return codes


def folds_by_id(root: Path) -> Mapping[int, tuple[int, str]]:
    """Fold and patient of each record of PTB-XL by its number, for the edition that doesn't say them.

    Raises
    ------
    MissingDataError
        If the table is not there, with what can be done.
    """
    folder = root / PTBXL.slug / PTBXL.version
    if not (folder / DATABASE).is_file():
        raise MissingDataError(
            f"expected the folds of the records in {folder / DATABASE}, got no such file; fetch it with one record: "
            f"`{fetch_command(PTBXL, root)} --records 00001_hr`, or take `--split random`."
        )
    database = read_database(folder, PTBXL)
    return dict(zip(database.ecg_id.tolist(), zip(database.strat_fold.tolist(), _patients(database), strict=True), strict=True))
