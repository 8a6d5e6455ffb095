"""A user's own folder of records with annotated beats as a dataset."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from ecgbench.datasets._names import abbreviated
from ecgbench.datasets._registry import DatasetEntry
from ecgbench.datasets.own.beat_mapping import REFUSE, BeatMapping, beat_mapping, check_symbols, drops
from ecgbench.datasets.own.names import names_in, record_path
from ecgbench.datasets.own.numbers import OWN, STANDARD, names_of, own_numbers, register_own
from ecgbench.datasets.own.recording_files import wanted_of
from ecgbench.datasets.recordings.reading import is_wfdb, parts_of, read_wanted
from ecgbench.datasets.recordings.recording import Wanted
from ecgbench.datasets.records.counterfactuals.donors import FindBeats
from ecgbench.datasets.records.files.wfdb_reader import Record
from ecgbench.datasets.records.record_source import DATABASE
from ecgbench.datasets.records.request import Request
from ecgbench.datasets.records.split_by_record import PATIENT, beat_regions, beat_twins, continued_windows, load_annotated, window_beats
from ecgbench.errors import DataError, InputError, MissingDataError
from ecgbench.printable import quoted, shortened
from ecgbench.protocol import BEAT_CLASSES, BEAT_RULES, UNCLASSIFIABLE, BeatRule, DatasetProtocol
from ecgbench.types import Continued, Dataset, Regions, Targets, Twins, Windows


@dataclass(frozen=True)
class OwnRecords:
    """The function of a dataset of own records, and their source: it finds, reads and labels the records of a folder.

    Attributes
    ----------
    key : of the dataset
    folder : of the records
    wanted : what is read of each
    mapping : the user's own classes; None for the rules of the benchmark
    dropped : whether annotations that have no class are dropped
    """

    key: str
    folder: Path
    wanted: Wanted
    mapping: BeatMapping | None
    dropped: bool

    @property
    def __name__(self) -> str:
        return self.key

    def __call__(self, request: Request) -> Dataset:
        """Load the records: consecutive windows, labelled by their beats."""
        numbers = request.numbers
        self._check_folder()
        leads = self.wanted.leads or (f"lead {self.wanted.lead}",)
        dataset = load_annotated(self.here(request), self.key, leads, numbers.patients, self)
        for windows, side in ((dataset.train, "training"), (dataset.test, "test")):
            self._check_windows(windows, side, numbers)
        return dataset

    def here(self, request: Request) -> Request:
        """The request, for the records' own folder."""
        without = f"or register {self.key} without the record"
        return replace(request, root=self.folder, remedy=f"mend it, {without}", absent=f"put it there, {without}")

    def files(self, request: Request, name: str) -> list[Path]:
        """The record's files, those of its annotations among them."""
        return parts_of(request.folder / name, self.wanted, request.absent, request.remedy)

    def read(self, request: Request, name: str) -> Record:
        """The wanted leads of a record, and its annotations, each of which has a class or stands for no beat."""
        path, fs = request.folder / name, request.numbers.fs
        found = read_wanted(path, self.wanted, request.remedy)
        if found.fs != fs:
            raise DataError(f"expected {fs:g} Hz in {path}, got {found.fs:g} Hz; say resample=True, or {request.remedy}.")
        if not found.sample.size:
            raise DataError(f'expected annotated beats in {path}, got none; name a file of them beside it, such as annotations="atr".')
        if not self.dropped:
            check_symbols(found.symbol, self.mapping, path)
        return Record(name, found.signal, found.sample, found.symbol)

    def rule(self, request: Request) -> BeatRule:
        """The user's own classes, or the labels that were asked for."""
        return BEAT_RULES[request.labels] if self.mapping is None else self.mapping.rule

    def options(self, request: Request) -> Mapping[str, object]:
        """The leads, and whatever else is said of the files; of the usual WFDB records the same as of a public database."""
        usual = Wanted(lead=self.wanted.lead, annotated=True)
        said = {name: value for name, value in asdict(self.wanted).items() if value != getattr(usual, name)}
        return {"lead": request.numbers.lead, **said, **({} if self.mapping is None else {"classes": self.mapping.classes})}

    def notes(self, request: Request, names: Sequence[str]) -> tuple[str, ...]:
        """A note of WFDB records whose lead, in the place that is read, has another name than most have."""
        of_wfdb = [name for name in names if is_wfdb(Path(name))]
        return DATABASE.notes(request, of_wfdb) if self.wanted.leads is None and of_wfdb else ()

    def _check_folder(self) -> None:
        if not self.folder.is_dir():
            raise MissingDataError(f"expected the records of {self.key} in {self.folder}, got no such folder; register where they are.")

    def _check_windows(self, windows: Windows, side: str, numbers: DatasetProtocol) -> None:
        if not len(windows):
            raise DataError(
                f"expected {side} windows of {numbers.window} samples in {self.folder}, got none; register longer records or shorter "
                "windows."
            )
        beyond = np.unique(windows.record[windows.y >= len(numbers.classes)])
        if beyond.size:
            raise DataError(
                f"expected {side} windows of classes {', '.join(numbers.classes)}, got an unclassifiable one in "
                f'{self.folder / str(beyond[0])}; take labels "aami", which leave these out, or register {self.key} without the record.'
            )


@dataclass(frozen=True)
class OwnTwins:
    """The function that constructs twins of own records' windows; equal for equal records, as methods of theirs would not be."""

    own: OwnRecords

    def __call__(self, request: Request, windows: Windows, target: Targets) -> Twins:
        """Constructed twins of some of the records' windows."""
        return beat_twins(self.own.here(request), windows, target, self.own)


@dataclass(frozen=True)
class OwnRegions:
    """The function that tells the regions of own records' windows; equal for equal records."""

    own: OwnRecords

    def __call__(self, request: Request, windows: Windows, target: Targets) -> Regions:
        """Regions of some of the records' windows."""
        return beat_regions(self.own.here(request), windows, target, self.own)


@dataclass(frozen=True)
class OwnContinued:
    """The function that gives own records' windows with what follows them; equal for equal records."""

    own: OwnRecords

    def __call__(self, request: Request, windows: Windows) -> Continued:
        """Some of the records' windows with what follows them."""
        return continued_windows(self.own.here(request), windows, self.own)


@dataclass(frozen=True)
class OwnBeats:
    """The function that finds the beats of own records' windows."""

    own: OwnRecords

    def __call__(self, request: Request) -> FindBeats:
        """What finds the annotated beats of some of the records' windows."""
        return window_beats(self.own.here(request), self.own)


def register_records(
    key: str,
    folder: str | os.PathLike[str],
    train: Sequence[str],
    test: Sequence[str],
    fs: float,
    window: int,
    lead: int = 0,
    patients: Mapping[str, str | int] | None = None,
    title: str | None = None,
    licence: str = OWN,
    reference: str = "own data",
    leads: Sequence[str] | None = None,
    annotations: str | None = None,
    beats: Mapping[str, str | None] | None = None,
    classes: Sequence[str] | None = None,
    unmapped: str = REFUSE,
    resample: bool = False,
    record_fs: float | None = None,
    unit: str | None = None,
    arrays: Mapping[str, str] | None = None,
    **numbers: Any,
) -> DatasetEntry:
    """Register a folder of records with annotated beats as a dataset, to be read and checked as mitdb is.

    Nothing is read before the dataset is loaded. Records are cut into consecutive windows; a window's class is that of most of its abnormal
    beats, the first class (never explained) if it has none. Without `beats`, `labels` "aami" and "study" are the rules that give WFDB's
    symbols their classes, N, SVEB, VEB and F. Split "patient" leaves the test set without the patients who are trained on.

    Parameters
    ----------
    key : of the dataset: small letters, digits and underscores
    folder : where the records lie: WFDB ones, or files of the formats that `read_recording` reads
    train, test : names of the records on either side, with the folder below `folder` before them where there is one: those of WFDB records
        without ending, such as "100", and those of other files with theirs, such as "a.edf"
    fs : Hz, of all windows
    window : samples
    lead : index of the lead, unless leads are named
    patients : patient of each record that doesn't stand for a patient of its own: names of up to 64 characters, or whole numbers
    title, licence, reference : what lists and pages say of the dataset; the title is by default its key
    leads : names of the leads, in the order in which windows have them
    annotations : extension of the file of annotations beside each record, such as "atr", which is the default of WFDB records, or
        "beats.csv" for a table of `sample` and `symbol`; by default those in the file itself
    beats : class of each annotation, such as {"N": "normal", "V": "ectopic", "Q": None}, with None for what is no beat
    classes : names of own classes in the order of their integers, the normal one first; by default as they first stand in `beats`
    unmapped : whether to "refuse" annotations that have no class and aren't known to be no beats, or to "drop" them
    resample : bring records of other rates to `fs`, with the places of their annotations
    record_fs, unit, arrays : what files don't say themselves, as those of `read_recording`
    numbers : architecture ("resnet18_7"), learning_rate (1e-3), epochs (20), batch_size (32) and weight_decay (1e-4) of the training;
        seeds ((1,)) of the models; threshold (0.75), the probability above which a window is explained; samples (64) that are explained;
        patch (64 ms), perturbations (500) and baselines (250) of methods; precision ("float32"); window_batch (32)

    Raises
    ------
    InputError
        If an argument is invalid.
    DuplicateKeyError
        If another dataset has the key.
    """
    sides = _sides(train, test)
    if leads is not None and lead:
        raise InputError(f"expected either leads or lead, got both, {shortened(repr(leads))} and {lead}; leave one of them out.")
    wanted = wanted_of(
        leads, fs if resample else None, annotations, record_fs, unit, arrays, lead=None if leads is not None else lead, annotated=True
    )
    mapping = _mapping(beats, classes)
    own = OwnRecords(key, Path(folder).expanduser().resolve(), wanted, mapping, drops(unmapped))
    fixed = {
        "lead": wanted.lead,
        "leads": len(wanted.leads or (lead,)),
        "train": sides[0],
        "test": sides[1],
        "twins": True,
        "classes": BEAT_CLASSES[:UNCLASSIFIABLE] if mapping is None else mapping.classes,
        "patients": _patients({} if patients is None else patients, (*sides[0], *sides[1])),
    }
    protocol = own_numbers(numbers, fs, window, **fixed)
    of_windows = {"twins": OwnTwins(own), "regions": OwnRegions(own), "continued": OwnContinued(own), "beats": OwnBeats(own)}
    offered = {"labels": tuple(BEAT_RULES) if mapping is None else (OWN,), "splits": (STANDARD, PATIENT), **of_windows}
    return register_own(own, protocol, title, licence=licence, reference=reference, source=str(own.folder), **offered)


def _sides(train: Sequence[str], test: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    sides = _records("train", train), _records("test", test)
    both = sorted({*sides[0]} & {*sides[1]})
    if both:
        raise InputError(f"expected records either in train or in test, got {abbreviated(both)} in both; leave them out of one.")
    return sides


def _mapping(beats: Any, classes: Sequence[str] | None) -> BeatMapping | None:
    if beats is None and classes is not None:
        raise InputError(f"expected beats beside classes, got none; say which annotation is of which of {shortened(repr(classes))}.")
    return None if beats is None else beat_mapping(beats, classes)


def _records(side: str, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(record_path(f"each record in {side}", name) for name in names_of(side, names))


def _patients(patients: Any, names: Sequence[str]) -> Mapping[str, str]:
    if not isinstance(patients, Mapping):
        raise InputError(
            f'expected patients as a mapping such as {{"record": "patient"}}, got {type(patients).__name__}; name each record\'s so.'
        )
    unknown = [name for name in patients if name not in names]
    if unknown:
        raise InputError(
            f"expected patients of records in train or test, got {quoted(abbreviated(unknown))}; name the records as these do."
        )
    return MappingProxyType(dict(zip(patients, names_in("patients", patients.values()), strict=True)))
