"""Databases of WFDB records with beat annotations, split by record: what mitdb, svdb and incartdb have in common."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from ecgbench.artifacts import Arrays, artifact_key
from ecgbench.datasets.records.counterfactuals.donors import FindBeats, annotated_beats
from ecgbench.datasets.records.counterfactuals.twins import twins_of
from ecgbench.datasets.records.files.source_files import source_digest
from ecgbench.datasets.records.files.wfdb_reader import SUFFIXES, Record
from ecgbench.datasets.records.record_source import DATABASE, RecordSource
from ecgbench.datasets.records.request import Request
from ecgbench.datasets.records.windows.continued import continued_in
from ecgbench.datasets.records.windows.cut import concatenate, cut
from ecgbench.datasets.records.windows.stored_windows import from_artifact, to_arrays
from ecgbench.datasets.records.windows.waves import regions_of
from ecgbench.errors import InputError
from ecgbench.progress import progress
from ecgbench.protocol import DatasetProtocol
from ecgbench.types import Continued, Dataset, Regions, Targets, Twins, Windows

PATIENT = "patient"
"""Split that leaves the test set without the patients who are trained on."""

VERSION = 1
"""Bumped when windows, labels or spans change on purpose."""


@dataclass(frozen=True)
class AnnotatedSide:
    """Windows of one side of a split, labelled by their beats.

    Attributes
    ----------
    left_out : number of windows that were left out as unclassifiable
    without_beat : number of windows that hold no beat and count as normal
    key : of the artifact that holds the windows
    """

    windows: Windows
    left_out: int
    without_beat: int
    key: str


def annotated_files(numbers: DatasetProtocol, listed: Collection[str]) -> list[str]:
    """Paths of the files of all records of the split."""
    return [name + suffix for name in (*numbers.train, *numbers.test) for suffix in SUFFIXES]


def load_annotated(
    request: Request, name: str, leads: tuple[str, ...], patients: Mapping[str, str], source: RecordSource = DATABASE
) -> Dataset:
    """Windows of a database's training and test records, labelled by their beats.

    Parameters
    ----------
    name : the dataset's key
    leads : names of the leads that are read
    patients : patient of each record that doesn't stand for a patient of its own
    source : how the records are found and read
    """
    tested = _test_records(request, name, patients)
    train = load_side(request, request.numbers.train, patients, f"{name} train", source)
    test = load_side(request, tested, patients, f"{name} test", source)
    notes = (
        *_counts(train, test),
        *source.notes(request, (*request.numbers.train, *tested)),
        *_shared_patients(train, test),
        *_same_signals(train, test),
    )
    return request.answer(name, train, test, leads, notes)


def _test_records(request: Request, name: str, patients: Mapping[str, str]) -> tuple[str, ...]:
    numbers = request.numbers
    if request.split != PATIENT:
        return numbers.test
    trained_on = {patients.get(record, record) for record in numbers.train}
    tested = tuple(record for record in numbers.test if patients.get(record, record) not in trained_on)
    if not tested:
        raise InputError(
            f'expected test records of {name} of patients who are not trained on, got none; take split "standard", or other records.'
        )
    return tested


def load_side(
    request: Request, names: Sequence[str], patients: Mapping[str, str], what: str, source: RecordSource = DATABASE
) -> AnnotatedSide:
    """The windows of the named records, from the store if the same files were cut by the same rule before.

    Parameters
    ----------
    patients : patient of each record that doesn't stand for a patient of its own
    what : stands beside the progress
    source : how the records are found and read

    Raises
    ------
    MissingDataError, DataError
        If a record is absent or cannot be used.
    """
    numbers, store = request.numbers, request.store
    files = [file for name in names for file in source.files(request, name)]
    options = {"window": numbers.window, "patients": dict(patients), "rule": repr(source.rule(request)), **source.options(request)}
    key = artifact_key("windows", version=VERSION, source=source_digest(files, store), **options)

    def build() -> tuple[Arrays, dict[str, object]]:
        return _cut_records(request, names, patients, what, source)

    artifact = store.compute("windows", key, build)
    return AnnotatedSide(from_artifact(artifact), artifact.info["left_out"], artifact.info["without_beat"], key)


def beat_twins(request: Request, windows: Windows, target: Targets, source: RecordSource = DATABASE) -> Twins:
    """Constructed twins of windows that `load_annotated` gave."""
    return twins_of(windows, target, _reader(request, source), source.rule(request), request.numbers.fs)


def beat_regions(request: Request, windows: Windows, target: Targets, source: RecordSource = DATABASE) -> Regions:
    """Regions of windows that `load_annotated` gave."""
    return regions_of(windows, target, _reader(request, source), source.rule(request), request.numbers.fs)


def continued_windows(request: Request, windows: Windows, source: RecordSource = DATABASE) -> Continued:
    """Windows that `load_annotated` gave, with what follows them (see `continued_in`)."""
    return continued_in(windows, _reader(request, source))


def window_beats(request: Request, source: RecordSource = DATABASE) -> FindBeats:
    """What finds the annotated beats of windows that `load_annotated` gave."""
    return annotated_beats(_reader(request, source), source.rule(request), request.numbers.fs)


def _reader(request: Request, source: RecordSource) -> Callable[[str], Record]:
    return partial(source.read, request)


def _cut_records(
    request: Request, names: Sequence[str], patients: Mapping[str, str], what: str, source: RecordSource
) -> tuple[Arrays, dict[str, object]]:
    """The arrays and the info of the windows' artifact."""
    rule, parts = source.rule(request), []
    for name in progress(names, what, "record"):
        record = source.read(request, name)
        parts.append(cut(record, request.numbers.window, rule, patients.get(name, name)))
    windows = concatenate(parts)
    keep = windows.y != rule.unclassifiable if rule.leave_out_unclassifiable else np.ones(len(windows), dtype=bool)
    kept = windows.take(np.flatnonzero(keep))
    without_beat = sum(len(spans) == 0 for spans in kept.spans)
    arrays, info = to_arrays(kept)
    return arrays, {**info, "left_out": int((~keep).sum()), "without_beat": without_beat}


def _counts(train: AnnotatedSide, test: AnnotatedSide) -> tuple[str, str]:
    return (
        f"{train.left_out} training and {test.left_out} test windows left out as unclassifiable.",
        f"{train.without_beat} training and {test.without_beat} test windows hold no beat and count as normal.",
    )


def _shared_patients(train: AnnotatedSide, test: AnnotatedSide) -> tuple[str, ...]:
    shared = np.intersect1d(train.windows.patient, test.windows.patient)
    if not shared.size:
        return ()
    return (f"Patients on both sides of the split: {', '.join(shared)} (`--split patient` leaves them out of the test set).",)


def _same_signals(train: AnnotatedSide, test: AnnotatedSide) -> tuple[str, ...]:
    """A note of records on both sides of the split that hold the same signal under two names."""
    trained_on, tested = (_by_signal(side.windows) for side in (train, test))
    same = [f"{trained_on[digest]} and {tested[digest]}" for digest in trained_on if digest in tested]
    if not same:
        return ()
    return (f"Records on both sides of the split hold the same signal: {', '.join(same)}; leave one of each out.",)


def _by_signal(windows: Windows) -> dict[str, str]:
    """Names of records by a digest of the signal of all their windows."""
    names = np.unique(windows.record)
    return {hashlib.sha256(windows.signal[windows.record == name].tobytes()).hexdigest(): str(name) for name in names}
