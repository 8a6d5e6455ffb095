"""LUDB's records: what their headers state, their signals, and the spans of the waves that carry their labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from ecgbench.artifacts import Arrays, artifact_key
from ecgbench.datasets.records.files.source_files import check_files, source_digest
from ecgbench.datasets.records.files.wfdb_header import read_header
from ecgbench.datasets.records.request import Request
from ecgbench.datasets.records.whole_records import read_whole
from ecgbench.datasets.records.windows.stored_windows import from_artifact, to_arrays
from ecgbench.datasets.records.windows.wave_marks import read_waves, wave_spans
from ecgbench.errors import DataError, MissingDataError
from ecgbench.progress import progress
from ecgbench.protocol import LUDB, LUDB_LABELS, PTBXL_LEADS, WAVE_CRITERIA, DatasetProtocol
from ecgbench.types import Spans, Windows

VERSION = 1
"""Bumped when windows, labels or spans change on purpose."""

FOLDER = "data"

SUFFIXES = (".hea", ".dat", *(f".{lead.lower()}" for lead in PTBXL_LEADS))
"""Of a record's files: header, samples, and the marks of each lead."""

STATEMENTS_BEGIN = "<diagnoses>"
"""The comment behind which a header states rhythm, axis and diagnoses, one a line."""


@dataclass(frozen=True)
class LudbRecord:
    """A record, what its header states, and the integers of the labels that this stands for."""

    number: int
    path: Path
    statements: tuple[str, ...]
    labels: tuple[int, ...]


@dataclass(frozen=True)
class LudbWindows:
    """All records that have a label, as windows.

    Attributes
    ----------
    unmarked : number of peaks of waves of which a boundary is missing
    key : of the artifact that holds the windows
    """

    windows: Windows
    unmarked: int
    key: str


def ludb_files(numbers: DatasetProtocol, listed: Collection[str]) -> list[str]:
    """Headers, samples and marks of all records; both rates are read from the same files."""
    return sorted(path for path in listed if path.startswith(f"{FOLDER}/") and path.endswith(SUFFIXES))


def read_statements(request: Request) -> list[LudbRecord]:
    """All records that are there, in the order of their numbers.

    Raises
    ------
    MissingDataError, DataError
        If there is no record, one is not named by a number, or a header cannot be read or states nothing.
    """
    folder = request.folder / FOLDER
    headers = {_number(header): header for header in folder.glob("*.hea")}
    if not headers:
        raise MissingDataError(f"expected headers in {folder}, got none; fetch them: {request.fetch_command}")
    return [_read_one(number, headers[number].with_suffix("")) for number in sorted(headers)]


def _number(header: Path) -> int:
    if not header.stem.isdecimal():
        raise DataError(f"expected a record named by its number, like 1, got {header}; remove it or download the database again.")
    return int(header.stem)


def _read_one(number: int, path: Path) -> LudbRecord:
    comments = [comment.strip() for comment in read_header(path).comments]
    begin = next((i for i, comment in enumerate(comments) if comment.startswith(STATEMENTS_BEGIN)), len(comments))
    statements = tuple(comment.rstrip(". ") for comment in comments[begin + 1 :] if comment)
    if not statements:
        raise DataError(f'expected a comment "{STATEMENTS_BEGIN}:" and diagnoses behind it in {path}.hea, got none; download it again.')
    return LudbRecord(number, path, statements, labels_of(statements))


def labels_of(statements: Collection[str]) -> tuple[int, ...]:
    """Integers of the labels that a header's statements stand for."""
    return tuple(i for i, label in enumerate(LUDB_LABELS) if not set(statements).isdisjoint(label.statements))


def passed_over(records: Sequence[LudbRecord]) -> Counter[str]:
    """How often each statement occurs that stands for none of the labels."""
    known = {statement for label in LUDB_LABELS for statement in label.statements}
    return Counter(statement for record in records for statement in record.statements if statement not in known)


def load_records(request: Request, records: Sequence[LudbRecord]) -> LudbWindows:
    """The records as windows that can have several labels, from the store if the same files were read before.

    Raises
    ------
    MissingDataError, DataError
        If a file is absent or unreadable, or a record is not of LUDB's form.
    """
    files = [record.path.with_suffix(suffix) for record in records for suffix in SUFFIXES]
    check_files(files, request.fetch_command)
    rules = repr((LUDB_LABELS, sorted(WAVE_CRITERIA.items())))
    source = source_digest(files, request.store)
    key = artifact_key("windows", ludb=VERSION, source=source, fs=request.numbers.fs, window=request.numbers.window, rules=rules)
    artifact = request.store.compute("windows", key, lambda: _cut_records(request, records))
    return LudbWindows(from_artifact(artifact), artifact.info["unmarked"], key)


def _cut_records(request: Request, records: Sequence[LudbRecord]) -> tuple[Arrays, dict[str, object]]:
    """The arrays and the info of the windows' artifact."""
    y = np.zeros((len(records), len(LUDB_LABELS)), dtype=np.uint8)
    signals, spans, unmarked = [], [], 0
    for i, record in enumerate(progress(records, "ludb", "record")):
        y[i, list(record.labels)] = 1
        signals.append(_signal(record, request.numbers))
        of_record, incomplete = _spans(record, request.numbers)
        spans.append(of_record)
        unmarked += incomplete
    names = np.array([str(record.number) for record in records])
    starts = np.zeros(len(records), dtype=np.int64)
    arrays, info = to_arrays(Windows(np.stack(signals), y, names, names, starts, tuple(spans)))
    return arrays, {**info, "unmarked": unmarked}


def _step(numbers: DatasetProtocol) -> int:
    """Samples of a record for one of a window."""
    return LUDB.window // numbers.window


def _signal(record: LudbRecord, numbers: DatasetProtocol) -> Float32[np.ndarray, "leads time"]:
    """All leads in mV at the edition's rate; the filter before resampling has no delay, so that waves stay in their places."""
    signal = read_whole(record.path, ".dat", LUDB, PTBXL_LEADS)
    if not np.isfinite(signal).all():
        raise DataError(f"expected only valid samples in {record.path}.dat, got some marked invalid; download the record again.")
    if _step(numbers) == 1:
        return signal
    from scipy.signal import resample_poly

    resampled: Float32[np.ndarray, "leads time"] = resample_poly(signal, 1, _step(numbers), axis=1, padtype="line").astype(np.float32)
    return resampled


def _spans(record: LudbRecord, numbers: DatasetProtocol) -> tuple[Spans, int]:
    """The spans that carry the record's labels, and how many peaks on all leads are of no wave."""
    read = {lead: read_waves(record.path, lead, LUDB.fs) for lead in PTBXL_LEADS}
    waves = {lead: found for lead, (found, _) in read.items()}
    spans = wave_spans(waves, record.labels, numbers.classes, WAVE_CRITERIA, _step(numbers))
    return spans, sum(incomplete for _, incomplete in read.values())
