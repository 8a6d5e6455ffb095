"""A user's own folder of WFDB records with annotated beats as a dataset."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from ecgbench.datasets._names import abbreviated
from ecgbench.datasets._registry import DatasetEntry
from ecgbench.datasets.own.names import names_in, record_path
from ecgbench.datasets.own.numbers import OWN, STANDARD, names_of, own_numbers, register_own
from ecgbench.datasets.records.donors import FindBeats
from ecgbench.datasets.records.request import Request
from ecgbench.datasets.records.split_by_record import PATIENT, beat_regions, beat_twins, continued_windows, load_annotated, window_beats
from ecgbench.errors import DataError, InputError, MissingDataError
from ecgbench.inputs import at_least
from ecgbench.printable import quoted
from ecgbench.protocol import BEAT_CLASSES, BEAT_RULES, UNCLASSIFIABLE, DatasetProtocol
from ecgbench.types import Continued, Dataset, Regions, Targets, Twins, Windows


@dataclass(frozen=True)
class OwnRecords:
    """The function of a dataset of own records: it reads the records of a folder.

    Attributes
    ----------
    key : of the dataset
    folder : of the records
    """

    key: str
    folder: Path

    @property
    def __name__(self) -> str:
        return self.key

    def __call__(self, request: Request) -> Dataset:
        """Load the records: one lead, consecutive windows, labelled by their beats."""
        numbers = request.numbers
        self._check_folder()
        dataset = load_annotated(self.here(request), self.key, f"lead {numbers.lead}", numbers.patients)
        for windows, side in ((dataset.train, "training"), (dataset.test, "test")):
            self._check_windows(windows, side, numbers)
        return dataset

    def here(self, request: Request) -> Request:
        """The request, for the records' own folder."""
        without = f"or register {self.key} without the record"
        return replace(request, root=self.folder, remedy=f"mend it, {without}", absent=f"put it there, {without}")

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
        return beat_twins(self.own.here(request), windows, target)


@dataclass(frozen=True)
class OwnRegions:
    """The function that tells the regions of own records' windows; equal for equal records."""

    own: OwnRecords

    def __call__(self, request: Request, windows: Windows, target: Targets) -> Regions:
        """Regions of some of the records' windows."""
        return beat_regions(self.own.here(request), windows, target)


@dataclass(frozen=True)
class OwnContinued:
    """The function that gives own records' windows with what follows them; equal for equal records."""

    own: OwnRecords

    def __call__(self, request: Request, windows: Windows) -> Continued:
        """Some of the records' windows with what follows them."""
        return continued_windows(self.own.here(request), windows)


@dataclass(frozen=True)
class OwnBeats:
    """The function that finds the beats of own records' windows."""

    own: OwnRecords

    def __call__(self, request: Request) -> FindBeats:
        """What finds the annotated beats of some of the records' windows."""
        return window_beats(self.own.here(request))


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
    **numbers: Any,
) -> DatasetEntry:
    """Register a folder of WFDB records with annotated beats as a dataset, to be read and checked as mitdb is.

    Nothing is read before the dataset is loaded. Records are cut into consecutive windows; a window's class is that of most of its abnormal
    beats, N (never explained) if it has none. `labels` "aami" and "study" are the rules that give beats their classes, N, SVEB, VEB and F;
    split "patient" leaves the test set without the patients who are trained on.

    Parameters
    ----------
    key : of the dataset: small letters, digits and underscores
    folder : where each record's `<name>.hea` and `<name>.atr` lie, beside the files of signals that the header names
    train, test : names of the records on either side, with the folder below `folder` before them where there is one
    fs : Hz, of all records
    window : samples
    lead : index of the lead
    patients : patient of each record that doesn't stand for a patient of its own: names of up to 64 characters, or whole numbers
    title, licence, reference : what lists and pages say of the dataset; the title is by default its key
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
    sides = _records("train", train), _records("test", test)
    both = sorted({*sides[0]} & {*sides[1]})
    if both:
        raise InputError(f"expected records either in train or in test, got {abbreviated(both)} in both; leave them out of one.")
    beats = {"classes": BEAT_CLASSES[:UNCLASSIFIABLE], "patients": _patients({} if patients is None else patients, (*sides[0], *sides[1]))}
    protocol = own_numbers(numbers, fs, window, lead=at_least("lead", lead, 0), train=sides[0], test=sides[1], twins=True, **beats)
    own = OwnRecords(key, Path(folder).expanduser().resolve())
    of_windows = {"twins": OwnTwins(own), "regions": OwnRegions(own), "continued": OwnContinued(own), "beats": OwnBeats(own)}
    offered = {"labels": tuple(BEAT_RULES), "splits": (STANDARD, PATIENT), **of_windows}
    return register_own(own, protocol, title, licence=licence, reference=reference, source=str(own.folder), **offered)


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
