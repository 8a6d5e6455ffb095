"""PTB-XL's tables: which records there are, of which patient and fold each is, and which labels it has."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ecgbench.datasets.records.request import Request
from ecgbench.datasets.records.whole_records import LabelledRecord
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
class RecordList:
    """The records of an edition that have one of the labels.

    Attributes
    ----------
    records : these records
    folds : fold of each, 1 to 10; 0 where no table tells it
    total : number of records that the edition lists, with a label or without
    unlabelled : number of these that have none of the labels
    notes : what a reader must know beside these numbers
    """

    records: tuple[LabelledRecord, ...]
    folds: tuple[int, ...]
    total: int
    unlabelled: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class FoldAndPatient:
    """What PTB-XL's table tells of a record of the Challenge's edition."""

    fold: int
    patient: str


def table_files(numbers: DatasetProtocol, listed: Collection[str]) -> list[str]:
    """The tables, and all records at the edition's sampling rate."""
    return [DATABASE, STATEMENTS, *sorted(path for path in listed if path.startswith(f"records{numbers.fs:g}/"))]


def read_tables(request: Request) -> RecordList:
    """All records of `ptbxl_database.csv` that have one of the labels.

    Raises
    ------
    MissingDataError, DataError
        If a table is absent, cannot be read, lacks a column, or a value is not one of its column's.
    """
    folder = request.folder
    database = read_database(folder, request.fetch_command)
    known = _known_codes(folder, request.fetch_command)
    codes = [_scp_codes(folder, number, written) for number, written in zip(database.ecg_id, database.scp_codes, strict=True)]
    labels = [labels_of(of_record, str(axis)) for of_record, axis in zip(codes, database.heart_axis, strict=True)]
    names = [f"{number:05d}" for number in database.ecg_id]
    columns = zip(names, _paths(folder, database, request.numbers), _patients(database), labels, database.strat_fold, strict=True)
    records, folds = [], []
    for name, path, patient, found, fold in columns:
        if found:
            records.append(LabelledRecord(name, path, patient, found))
            folds.append(int(fold))
    unknown = [code for of_record in codes for code in of_record if code not in known]
    notes = (f"SCP codes that {STATEMENTS} does not know were passed over: {counted(unknown)}.",) if unknown else ()
    return RecordList(tuple(records), tuple(folds), len(names), len(names) - len(records), notes)


def counted(codes: Iterable[str]) -> str:
    """Each code with the number of times that it occurs, in alphabetical order."""
    return ", ".join(f"{code} {count}" for code, count in sorted(Counter(codes).items()))


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
    """Integers of the labels that a record's SCP codes and its heart axis stand for."""
    return tuple(i for i, label in enumerate(PTBXL_LABELS) if axis in label.axis or not set(codes).isdisjoint(label.scp))


def read_database(folder: Path, fetch_command: str) -> pd.DataFrame:
    """`ptbxl_database.csv`, checked: every record once, each with a patient and a fold."""
    path = folder / DATABASE
    database = _read(path, fetch_command)
    lacking = [column for column in COLUMNS if column not in database]
    if lacking:
        raise DataError(f"expected columns {', '.join(COLUMNS)} in {path}, got none of {', '.join(lacking)}; download it again.")
    if database.empty:
        raise DataError(f"expected records in {path}, got an empty table; download it again.")
    database = _with_whole_ids(database, path)
    _check_folds(database, path)
    return database


def _with_whole_ids(database: pd.DataFrame, path: Path) -> pd.DataFrame:
    """The table with its `ecg_id` as whole numbers, each of them once."""
    numbered = pd.to_numeric(database.ecg_id, errors="coerce")
    odd = database.ecg_id[~(numbered.between(1, MOST_RECORDS) & (numbered % 1 == 0))]
    if not odd.empty:
        raise DataError(f"expected whole numbers as ecg_id in {path}, got {odd.iloc[0]}; download it again.")
    database = database.assign(ecg_id=numbered.astype(int))
    twice = database.ecg_id[database.ecg_id.duplicated()]
    if not twice.empty:
        raise DataError(f"expected every ecg_id once in {path}, got {twice.iloc[0]} twice; download it again.")
    return database


def _check_folds(database: pd.DataFrame, path: Path) -> None:
    """Refuse a record without a whole number as patient or a fold of 1 to 10."""
    patient = pd.to_numeric(database.patient_id, errors="coerce")
    fold = pd.to_numeric(database.strat_fold, errors="coerce")
    valid = (patient % 1 == 0) & fold.isin(FOLDS)
    if not valid.all():
        first = database[~valid].iloc[0]
        raise DataError(
            f"expected a patient and a fold of 1 to 10 for record {first.ecg_id} in {path}, got {first.patient_id} and "
            f"{first.strat_fold}; download it again."
        )


def _known_codes(folder: Path, fetch_command: str) -> frozenset[str]:
    """The codes of the table of statements, in whichever column they stand: saved again, it has the rows' numbers before them."""
    wanted = {code for label in PTBXL_LABELS for code in label.scp}
    statements = _read(folder / STATEMENTS, fetch_command)
    for column in statements:
        codes = frozenset(statements[column].astype(str))
        if not wanted.isdisjoint(codes):
            return codes
    raise DataError(f"expected a column of SCP codes, such as {min(wanted)}, in {folder / STATEMENTS}, got none; download it again.")


def _read(path: Path, fetch_command: str) -> pd.DataFrame:
    if not path.is_file():
        raise MissingDataError(f"expected {path}, got no such file; fetch it: {fetch_command}")
    try:
        return pd.read_csv(path)
    except (ValueError, OSError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"expected a table in {path}, got {reason}; download it again.") from error


def _scp_codes(folder: Path, record: int, written: object) -> Collection[str]:
    """A record's SCP codes, without their likelihoods."""
    try:
        codes = ast.literal_eval(str(written))
        if not (isinstance(codes, dict) and all(isinstance(code, str) for code in codes)):
            raise ValueError
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
        raise DataError(
            f"expected SCP codes and their likelihoods like {{'NORM': 100.0}} for record {record} in {folder / DATABASE}, "
            f"got {written}; download it again."
        ) from error
    return codes


def folds_by_id(root: Path, fetch_command: str) -> Mapping[int, FoldAndPatient]:
    """Fold and patient of each record of PTB-XL by its number, for the edition that doesn't tell them.

    Parameters
    ----------
    root : folder of all databases
    fetch_command : the command that fetches PTB-XL's own edition

    Raises
    ------
    MissingDataError
        If the table is not there, with what can be done.
    """
    folder = root / PTBXL.slug / PTBXL.version
    if not (folder / DATABASE).is_file():
        raise MissingDataError(
            f"expected the folds of the records in {folder / DATABASE}, got no such file; fetch it with one record: "
            f"`{fetch_command} --records 00001_hr`, or take `--split random`."
        )
    database = read_database(folder, fetch_command)
    rows = zip(database.ecg_id.tolist(), database.strat_fold.tolist(), _patients(database), strict=True)
    return {number: FoldAndPatient(int(fold), patient) for number, fold, patient in rows}
