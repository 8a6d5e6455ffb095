"""PTB-XL as the Challenge 2021 published it: labels are SNOMED CT codes in the records' headers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path

from ecgbench.datasets.physionet.download import fetch_command
from ecgbench.datasets.records.ptbxl_tables import Listed, folds_by_id
from ecgbench.datasets.records.whole_records import Row
from ecgbench.errors import DataError, MissingDataError
from ecgbench.protocol import PTBXL_CHALLENGE, PTBXL_LABELS, DatasetProtocol

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


def read_headers(folder: Path, split: str) -> Listed:
    """All records below `folder` that have one of the labels.

    Parameters
    ----------
    split : with "standard", folds and patients come from PTB-XL's own table; else every record is a patient of its own, without a fold

    Raises
    ------
    MissingDataError, DataError
        If there is no record, a header has no line of codes or one that is no number, or the table of the folds is absent.
    """
    headers = sorted((folder / FOLDER).glob("*/HR*.hea"))
    if not headers:
        raise MissingDataError(
            f"expected headers in {folder / FOLDER}, got none; fetch them: {fetch_command(PTBXL_CHALLENGE, folder.parent.parent)}"
        )
    names = Counter(header.stem for header in headers)
    twice = sorted((header for header in headers if names[header.stem] > 1), key=lambda header: header.stem)
    if twice:
        raise DataError(f"expected every record once in {folder / FOLDER}, got {twice[0]} and {twice[1]}; remove one of them.")
    folds = folds_by_id(folder.parent.parent) if split == "standard" else None
    said = {header: read_codes(header) for header in headers}
    labelled = {header: labels for header, codes in said.items() if (labels := labels_of(codes))}
    where = {header: (NO_FOLD, header.stem) if folds is None else folds.get(_number(header)) for header in labelled}
    found = {header: place for header, place in where.items() if place is not None}
    rows = [Row(h.stem, str(h.relative_to(folder).with_suffix("")), patient, labelled[h]) for h, (_, patient) in found.items()]
    return Listed(
        rows=tuple(rows),
        folds=tuple(fold for fold, _ in found.values()),
        total=len(headers),
        unlabelled=len(headers) - len(labelled),
        notes=_notes(said.values(), len(labelled) - len(found)),
    )


def _notes(said: Iterable[Collection[str]], unlisted: int) -> tuple[str, ...]:
    """Codes that are no labels, and records that PTB-XL's table does not list."""
    known = {code for label in PTBXL_LABELS for code in label.snomed}
    others = Counter(code for codes in said for code in codes if code not in known)
    notes = []
    if unlisted:
        notes.append(f"{unlisted} records with labels are left out, since PTB-XL's table does not list them any more.")
    if others:
        named = ", ".join(f"{code} {count}" for code, count in sorted(others.items()))
        notes.append(f"SNOMED CT codes that are none of the labels were passed over: {named}.")
    return tuple(notes)


def labels_of(codes: Collection[str]) -> tuple[int, ...]:
    """Integers of the labels that SNOMED CT codes say."""
    return tuple(i for i, label in enumerate(PTBXL_LABELS) if not set(codes).isdisjoint(label.snomed))


def read_codes(header: Path) -> list[str]:
    """The SNOMED CT codes of a header."""
    try:
        found = DIAGNOSES.search(header.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"expected a readable header {header}, got {error}; download it again.") from error
    codes = [] if found is None else [code.strip() for code in found[1].split(",")]
    if not codes or not all(code.isdecimal() for code in codes):
        said = "none" if found is None else f'"{found[1]}"'
        raise DataError(f'expected SNOMED CT codes in {header}, such as "# Dx: 426783006,39732003", got {said}; download it again.')
    return codes


def _number(header: Path) -> int:
    found = NUMBER.fullmatch(header.stem)
    if found is None:
        raise DataError(f"expected a record named like HR00001, got {header}; remove it or download the database again.")
    return int(found[1])
