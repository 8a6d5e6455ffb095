"""The registry of datasets and the one way to load any of them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ecgbench import protocol as numbers
from ecgbench.artifacts import ArtifactStore, user_cache
from ecgbench.errors import InputError
from ecgbench.inputs import known_protocol
from ecgbench.protocol import DatasetProtocol
from ecgbench.registry import Entry, Registry
from ecgbench.types import Dataset


@dataclass(frozen=True)
class DatasetEntry(Entry):
    """What a dataset declares.

    Attributes
    ----------
    protocol : its numbers
    title, licence, source : what a user must know before using it
    megabytes : size of the files that are needed
    labels, splits, editions : the options it can be loaded with; the first one is the default
    """

    protocol: DatasetProtocol
    title: str
    licence: str
    source: str
    megabytes: float
    labels: tuple[str, ...]
    splits: tuple[str, ...] = ("standard",)
    editions: tuple[str, ...] = ("",)

    @property
    def embedded(self) -> bool:
        """Whether the dataset needs no files."""
        return not self.protocol.slug


@dataclass(frozen=True)
class Request:
    """What a dataset's function is asked for; every option is one that its entry names."""

    root: Path
    labels: str
    split: str
    edition: str
    store: ArtifactStore


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
    preferred = numbers.LABELS[known_protocol(protocol)]
    default_labels = preferred if preferred in entry.labels else entry.labels[0]
    request = Request(
        root=Path(root) if root is not None else data_root(),
        labels=_offered(entry, "labels", default_labels if labels is None else labels, entry.labels),
        split=_offered(entry, "split", entry.splits[0] if split is None else split, entry.splits),
        edition=_offered(entry, "edition", entry.editions[0] if edition is None else edition, entry.editions),
        store=store or ArtifactStore(),
    )
    dataset: Dataset = entry.function(request)
    return dataset


def data_root() -> Path:
    """`ECGBENCH_DATA`, else below the user's cache folder."""
    return Path(os.environ.get("ECGBENCH_DATA") or user_cache() / "data")


def _offered(entry: DatasetEntry, option: str, value: str, offered: tuple[str, ...]) -> str:
    if value not in offered:
        raise InputError(f'expected {option} of {entry.key} among {", ".join(offered)}, got "{value}"; choose one of these.')
    return value
