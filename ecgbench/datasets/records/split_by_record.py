"""Databases of WFDB records with beat annotations, split by record: what mitdb, svdb and incartdb have in common."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ecgbench.artifacts import Arrays, artifact_key
from ecgbench.datasets._names import abbreviated
from ecgbench.datasets.records.continued import continued_in
from ecgbench.datasets.records.cut import concatenate, cut
from ecgbench.datasets.records.donors import FindBeats, annotated_beats
from ecgbench.datasets.records.request import Request
from ecgbench.datasets.records.source_files import source_digest
from ecgbench.datasets.records.stored_windows import from_artifact, to_arrays
from ecgbench.datasets.records.twins import twins_of
from ecgbench.datasets.records.waves import regions_of
from ecgbench.datasets.records.wfdb_header import read_header
from ecgbench.datasets.records.wfdb_reader import SUFFIXES, Record, read_record, record_files
from ecgbench.errors import InputError
from ecgbench.progress import progress
from ecgbench.protocol import BEAT_RULES, UNCLASSIFIABLE, DatasetProtocol
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


def load_annotated(request: Request, name: str, lead: str, patients: Mapping[str, str]) -> Dataset:
    """Windows of a database's training and test records, labelled by their beats.

    Parameters
    ----------
    name : the dataset's key
    lead : name of the lead that is read
    patients : patient of each record that doesn't stand for a patient of its own
    """
    tested = _test_records(request, name, patients)
    train = load_side(request, request.numbers.train, patients, f"{name} train")
    test = load_side(request, tested, patients, f"{name} test")
    notes = (*_counts(train, test), *_leads(request, tested), *_shared_patients(train, test), *_same_signals(train, test))
    return request.answer(name, train, test, (lead,), notes)


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


def load_side(request: Request, names: Sequence[str], patients: Mapping[str, str], what: str) -> AnnotatedSide:
    """The windows of the named records, from the store if the same files were cut by the same rule before.

    Parameters
    ----------
    patients : patient of each record that doesn't stand for a patient of its own
    what : stands beside the progress

    Raises
    ------
    MissingDataError, DataError
        If a record is absent or cannot be used.
    """
    numbers, store = request.numbers, request.store
    files = [file for name in names for file in record_files(request.folder / name, request.absent, request.remedy)]
    source = source_digest(files, store)
    options = {"window": numbers.window, "lead": numbers.lead, "patients": dict(patients), "rule": repr(BEAT_RULES[request.labels])}
    key = artifact_key("windows", version=VERSION, source=source, **options)

    def build() -> tuple[Arrays, dict[str, object]]:
        return _cut_records(request, names, patients, what)

    artifact = store.compute("windows", key, build)
    return AnnotatedSide(from_artifact(artifact), artifact.info["left_out"], artifact.info["without_beat"], key)


def beat_twins(request: Request, windows: Windows, target: Targets) -> Twins:
    """Constructed twins of windows that `load_annotated` gave."""
    return twins_of(windows, target, _reader(request), BEAT_RULES[request.labels], request.numbers.fs)


def beat_regions(request: Request, windows: Windows, target: Targets) -> Regions:
    """Regions of windows that `load_annotated` gave."""
    return regions_of(windows, target, _reader(request), BEAT_RULES[request.labels], request.numbers.fs)


def continued_windows(request: Request, windows: Windows) -> Continued:
    """Windows that `load_annotated` gave, with what follows them (see `continued_in`)."""
    return continued_in(windows, _reader(request))


def window_beats(request: Request) -> FindBeats:
    """What finds the annotated beats of windows that `load_annotated` gave."""
    return annotated_beats(_reader(request), BEAT_RULES[request.labels], request.numbers.fs)


def _reader(request: Request) -> Callable[[str], Record]:
    numbers = request.numbers

    def read(name: str) -> Record:
        assert numbers.lead is not None
        return read_record(request.folder, name, numbers.lead, numbers.fs, remedy=request.remedy)

    return read


def _cut_records(request: Request, names: Sequence[str], patients: Mapping[str, str], what: str) -> tuple[Arrays, dict[str, object]]:
    """The arrays and the info of the windows' artifact."""
    numbers, rule = request.numbers, BEAT_RULES[request.labels]
    parts, read = [], _reader(request)
    for name in progress(names, what, "record"):
        record = read(name)
        parts.append(cut(record, numbers.window, rule, patients.get(name, name)))
    windows = concatenate(parts)
    keep = windows.y != UNCLASSIFIABLE if rule.leave_out_unclassifiable else np.ones(len(windows), dtype=bool)
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


def _leads(request: Request, tested: Sequence[str]) -> tuple[str, ...]:
    """A note of the records whose lead, in the place that is read, has another name than most have."""
    place, records = request.numbers.lead, (*request.numbers.train, *tested)
    assert place is not None
    named = {record: read_header(request.folder / record, request.remedy).sig_name[place] or "unnamed" for record in records}
    usual = Counter(named.values()).most_common(1)[0][0]
    others = [f"{record} ({lead})" for record, lead in named.items() if lead != usual]
    return (f"Lead {place} is {usual} in all records but {abbreviated(others)}.",) if others else ()
