"""The registry of datasets and the one way to load any of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from ecgbench import protocol as numbers
from ecgbench.artifacts import ArtifactStore, artifact_key, user_cache
from ecgbench.errors import InputError
from ecgbench.inputs import known_protocol
from ecgbench.protocol import DatasetProtocol
from ecgbench.registry import Entry, Registry
from ecgbench.types import Dataset, Windows

Files = Callable[[DatasetProtocol, Collection[str]], list[str]]
"""Paths below `<slug>/<version>/` that a dataset needs, of an edition's numbers and of all paths that SHA256SUMS.txt lists."""

Simulate = Callable[[Path, DatasetProtocol, "SimulatedSize"], None]
"""Writes a simulated stand-in for a database into its folder `<slug>/<version>/`."""


@dataclass(frozen=True)
class SimulatedSize:
    """How much of a database is simulated; None is the dataset's own small number.

    Attributes
    ----------
    records : number of records, where it is not given by the split
    windows : windows a record
    seed : of the simulation
    """

    records: int | None = None
    windows: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class Edition:
    """One of several forms in which a database is published.

    Attributes
    ----------
    protocol : its numbers
    megabytes : size of the files that are needed
    source : where it is published
    """

    protocol: DatasetProtocol
    megabytes: float
    source: str


@dataclass(frozen=True)
class DatasetEntry(Entry):
    """What a dataset declares.

    Attributes
    ----------
    protocol : its numbers, those of the default edition where there are several
    title, licence, source : what a user must know before using it
    conditions : what the licence asks for beyond naming the source; empty if nothing
    megabytes : size of the files that are needed
    labels, splits : the options it can be loaded with; the first one is the default
    study_split : the study's split, where it is not the default one
    editions : by name, where there are several; the first one is the default
    files : which of its database's files it needs; None if it needs none
    simulate : writes a simulated stand-in for its database; None if there is none
    published : windows of each class over the whole database, as far as its publishers state them
    embedded : whether it is simulated by the benchmark itself, so that it runs where nothing is selected and counts for no mean
    """

    protocol: DatasetProtocol
    title: str
    licence: str
    source: str
    megabytes: float
    labels: tuple[str, ...]
    splits: tuple[str, ...] = ("standard",)
    study_split: str = ""
    conditions: str = ""
    editions: Mapping[str, Edition] = field(default_factory=dict)
    files: Files | None = None
    simulate: Simulate | None = None
    published: Mapping[str, int] = field(default_factory=dict)
    embedded: bool = False

    def usual(self, protocol: str) -> tuple[str, str]:
        """Label rule and split that a protocol takes where none is named."""
        labels = numbers.LABELS[protocol] if numbers.LABELS[protocol] in self.labels else self.labels[0]
        split = self.study_split if protocol == numbers.STUDY and self.study_split else self.splits[0]
        return labels, split

    @property
    def edition_names(self) -> tuple[str, ...]:
        """Names of the editions, the default one first; an empty one where there is only one."""
        return tuple(self.editions) or ("",)

    def edition(self, name: str | None = None) -> Edition:
        """An edition, by default the first.

        Raises
        ------
        InputError
            If the dataset has no edition of that name.
        """
        name = offered(self, "edition", self.edition_names[0] if name is None else name, self.edition_names)
        return self.editions.get(name, Edition(self.protocol, self.megabytes, self.source))

    def numbers(self, edition: str | None = None) -> DatasetProtocol:
        """The numbers of an edition, by default of the first."""
        return self.edition(edition).protocol


SIMULATED = "SIMULATED"
"""File that marks a simulated database."""


def is_simulated(folder: Path) -> bool:
    """Whether the records in a database's folder come from the simulator."""
    return (folder / SIMULATED).exists()


@runtime_checkable
class Loaded(Protocol):
    """One side of a split as a loader leaves it: its windows, and the key of the artifact that holds them."""

    @property
    def windows(self) -> Windows:
        """The windows."""
        ...

    @property
    def key(self) -> str:
        """The artifact's key."""
        ...


@dataclass(frozen=True)
class Request:
    """What a dataset's function is asked for; every option is one that its entry names."""

    root: Path
    labels: str
    split: str
    edition: str
    store: ArtifactStore
    numbers: DatasetProtocol

    @property
    def folder(self) -> Path:
        """Folder of the edition's records."""
        return self.root / self.numbers.slug / self.numbers.version

    def answer(self, name: str, train: Loaded, test: Loaded, leads: tuple[str, ...], notes: tuple[str, ...]) -> Dataset:
        """The dataset of two loaded sides, with the options that were asked for."""
        return Dataset(
            name=name,
            train=train.windows,
            test=test.windows,
            classes=self.numbers.classes,
            fs=self.numbers.fs,
            leads=leads,
            labels=self.labels,
            split=self.split,
            edition=self.edition,
            key=artifact_key("dataset", train=train.key, test=test.key),
            notes=notes,
            simulated=is_simulated(self.folder),
        )


DATASETS = Registry("datasets", DatasetEntry, "ecgbench.datasets")


def load_dataset(
    name: str,
    root: str | os.PathLike[str] | None = None,
    labels: str | None = None,
    split: str | None = None,
    edition: str | None = None,
    protocol: str = numbers.OURS,
    store: ArtifactStore | None = None,
) -> Dataset:
    """Load a dataset's windows, from the store where they were cut before.

    Parameters
    ----------
    name : key of a dataset, see `ecgbench.datasets()`
    root : folder of the records, laid out as `<slug>/<version>/`; default `ECGBENCH_DATA`, else below the user's cache folder
    labels : rule that turns annotations into labels; default the protocol's ("aami" for ours)
    split : "standard", or "patient" where the standard split crosses patients
    edition : edition of the database, where there are several
    protocol : "ours" or "study"
    store : where cut windows are kept; default `ECGBENCH_CACHE`

    Raises
    ------
    UnknownKeyError
        If no dataset has that name.
    InputError
        If the dataset does not offer an option.
    MissingDataError, DataError
        If records are absent, damaged or not of the announced form.
    """
    entry = DATASETS[name]
    usual_labels, usual_split = entry.usual(known_protocol(protocol))
    request = Request(
        root=Path(root) if root is not None else data_root(),
        labels=offered(entry, "labels", usual_labels if labels is None else labels, entry.labels),
        split=offered(entry, "split", usual_split if split is None else split, entry.splits),
        edition=offered(entry, "edition", entry.edition_names[0] if edition is None else edition, entry.edition_names),
        store=store or ArtifactStore(),
        numbers=entry.numbers(edition),
    )
    dataset: Dataset = entry.function(request)
    return dataset


def data_root() -> Path:
    """`ECGBENCH_DATA`, else below the user's cache folder."""
    return Path(os.environ.get("ECGBENCH_DATA") or user_cache() / "data")


def offered(entry: DatasetEntry, option: str, value: str, values: tuple[str, ...]) -> str:
    """The value of an option, if it is one that a dataset offers."""
    if value not in values:
        raise InputError(f'expected {option} of {entry.key} among {", ".join(values)}, got "{value}"; choose one of these.')
    return value
