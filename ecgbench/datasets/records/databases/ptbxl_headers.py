"""PTB-XL as the Challenge 2021 published it: labels are SNOMED CT codes in the records' headers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise
from pathlib import Path

from ecgbench.datasets.records.databases.ptbxl_tables import FoldAndPatient, RecordList, counted, folds_by_id
from ecgbench.datasets.records.request import Request
from ecgbench.datasets.records.whole_records import LabelledRecord
from ecgbench.errors import DataError, MissingDataError
from ecgbench.protocol import PTBXL_LABELS, DatasetProtocol

FOLDER = "training/ptb-xl"

SUFFIXES = (".hea", ".mat")

DIAGNOSES = re.compile(r"^#[ \t]*Dx:[ \t]*(\S.*?)[ \t]*$", re.MULTILINE)
"""The header's line of codes, with a blank behind the sign or without."""

NUMBER = re.compile(r"HR(\d{5})")
"""A record's name is PTB-XL's `ecg_id`."""

NO_FOLD = 0


def header_files(numbers: DatasetProtocol, listed: Collection[str]) -> list[str]:
    """All records of the Challenge that come from PTB-XL."""
    return sorted(path for path in listed if path.startswith(FOLDER) and path.endswith(SUFFIXES))


def read_headers(request: Request, table_command: str) -> RecordList:
    """All records of the edition that have one of the labels.

    With split "standard", folds and patients come from PTB-XL's own table. With any other, every record is a patient of its own and has
    no fold.

    Parameters
    ----------
    table_command : the command that fetches PTB-XL's own table

    Raises
    ------
    MissingDataError, DataError
        If there is no record, a header has no line of codes or one that is no number, or the table of the folds is absent.
    """
    headers = _find_headers(request)
    table = folds_by_id(request.root, table_command) if request.split == "standard" else None
    codes = {header: read_codes(header) for header in headers}
    labels = {header: labels_of(codes[header]) for header in headers}
    labelled = [header for header in headers if labels[header]]
    records, folds = [], []
    for header in labelled:
        known = _fold_and_patient(header, table)
        if known is not None:
            path = str(header.relative_to(request.folder).with_suffix(""))
            records.append(LabelledRecord(header.stem, path, known.patient, labels[header]))
            folds.append(known.fold)
    return RecordList(
        records=tuple(records),
        folds=tuple(folds),
        total=len(headers),
        unlabelled=len(headers) - len(labelled),
        notes=_notes(codes.values(), absent=len(labelled) - len(records)),
    )


def _find_headers(request: Request) -> list[Path]:
    """The headers of all records, each of which is there once."""
    folder = request.folder / FOLDER
    headers = sorted(folder.glob("*/HR*.hea"))
    if not headers:
        raise MissingDataError(f"expected headers in {folder}, got none; fetch them: {request.fetch_command}")
    by_record = sorted(headers, key=lambda header: header.stem)
    for one, other in pairwise(by_record):
        if one.stem == other.stem:
            raise DataError(f"expected every record once in {folder}, got {one} and {other}; remove one of them.")
    return headers


def _fold_and_patient(header: Path, table: Mapping[int, FoldAndPatient] | None) -> FoldAndPatient | None:
    """Fold and patient of a record; None if there is a table that does not list it."""
    if table is None:
        return FoldAndPatient(NO_FOLD, header.stem)
    return table.get(_number(header))


def _notes(codes: Iterable[Collection[str]], absent: int) -> tuple[str, ...]:
    """What a reader must know: how many labelled records PTB-XL's table does not list, and which codes are no labels."""
    known = {code for label in PTBXL_LABELS for code in label.snomed}
    others = [code for of_record in codes for code in of_record if code not in known]
    notes = []
    if absent:
        notes.append(f"{absent} records with labels are left out, since PTB-XL's table does not list them any more.")
    if others:
        notes.append(f"SNOMED CT codes that are none of the labels were passed over: {counted(others)}.")
    return tuple(notes)


def labels_of(codes: Collection[str]) -> tuple[int, ...]:
    """Integers of the labels that the SNOMED CT codes stand for."""
    return tuple(i for i, label in enumerate(PTBXL_LABELS) if not set(codes).isdisjoint(label.snomed))


def read_codes(header: Path) -> list[str]:
    """The SNOMED CT codes of a header."""
    try:
        found = DIAGNOSES.search(header.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"expected a readable header {header}, got {error}; download it again.") from error
    codes = [] if found is None else [code.strip() for code in found[1].split(",")]
    if not codes or not all(code.isdecimal() for code in codes):
        given = "none" if found is None else f'"{found[1]}"'
        raise DataError(f'expected SNOMED CT codes in {header}, such as "# Dx: 426783006,39732003", got {given}; download it again.')
    return codes


def _number(header: Path) -> int:
    found = NUMBER.fullmatch(header.stem)
    if found is None:
        raise DataError(f"expected a record named like HR00001, got {header}; remove it or download the database again.")
    return int(found[1])
