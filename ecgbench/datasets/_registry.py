"""The registry of datasets and the one way to load any of them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ecgbench.artifacts import ArtifactStore, user_cache
from ecgbench.datasets.records.counterfactuals.donors import FindBeats
from ecgbench.datasets.records.request import Request
from ecgbench.datasets.simulator.stand_in import Simulate
from ecgbench.errors import InputError
from ecgbench.inputs import known_protocol
from ecgbench.printable import shortened
from ecgbench.protocol import LABELS, OURS, STUDY, DatasetProtocol
from ecgbench.registry import Entry, Registry
from ecgbench.types import Continued, Dataset, Regions, Targets, Twins, Windows

Files = Callable[[DatasetProtocol, Collection[str]], list[str]]
"""From an edition's numbers and the paths in its database's SHA256SUMS.txt to the paths of the files that the dataset needs."""


MakeTwins = Callable[[Request, Windows, Targets], Twins]
"""From how a dataset is loaded, some of its windows and the class of each that is explained, to the windows' twins."""

MakeRegions = Callable[[Request, Windows, Targets], Regions]
"""The same, to the region that each of their samples belongs to."""


Continue = Callable[[Request, Windows], Continued]
"""From how a dataset is loaded and some of its windows to these in mV, each with as many samples of its record behind it as the longest of
`ecgbench.protocol.SHIFTS`, nan where there are none."""


MakeFindBeats = Callable[[Request], FindBeats]
"""From how a dataset is loaded to what finds the annotated beats of its windows, those around them included."""


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


@dataclass(frozen=True, repr=False)
class DatasetEntry(Entry):
    """What a dataset declares.

    Attributes
    ----------
    protocol : its numbers, those of the default edition where there are several
    title, licence, source : shown to the user before a download
    conditions : what the licence demands beyond naming the source
    megabytes : size of the files that are needed
    labels, splits : the options it can be loaded with; the first one is the default
    study_split : the study's split, where it is not the default one
    editions : by name, where there are several; the first one is the default
    files : which of its database's files it needs; None if it needs none
    simulate : writes a simulated stand-in for its database; None if there is none
    published : number of windows of each class in the complete database, where its publishers state it
    twins : makes the twins of explained windows; None if its windows come with their twins, or have none
    regions : says which samples of explained windows are their label's beats from P to T, and which lie in the intervals beside them; None
        if nobody knows
    continued : gives windows with what follows them in their records; None if nothing follows, as where a window is a whole record
    beats : finds the annotated beats of windows; None if there are none, so that R peaks are looked for in the signal
    embedded : whether the benchmark simulates it itself; it is left out of means over datasets
    by_default : whether it runs where no dataset is named
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
    twins: MakeTwins | None = None
    regions: MakeRegions | None = None
    continued: Continue | None = None
    beats: MakeFindBeats | None = None
    embedded: bool = False
    by_default: bool = False

    def usual(self, protocol: str) -> tuple[str, str]:
        """The default label rule and split under a protocol."""
        labels = LABELS[protocol] if LABELS[protocol] in self.labels else self.labels[0]
        split = self.study_split if protocol == STUDY and self.study_split else self.splits[0]
        return labels, split

    @property
    def edition_names(self) -> tuple[str, ...]:
        """Names of the editions, the default one first; the only name is empty if there is only one edition."""
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

    def default_model(self, edition: str | None = None) -> str:
        """Key of the architecture of an edition's models where none is named."""
        return self.numbers(edition).recipe.architecture


DATASETS = Registry("datasets", DatasetEntry, "ecgbench.datasets")

MIRROR = "https://physionet.org/files/"
"""Where databases lie as `<slug>/<version>/`."""


def load_dataset(
    name: str,
    root: str | os.PathLike[str] | None = None,
    labels: str | None = None,
    split: str | None = None,
    edition: str | None = None,
    protocol: str = OURS,
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
    dataset: Dataset = DATASETS[name].function(request_for(name, root, labels, split, edition, protocol, store))
    return dataset


def request_for(
    name: str,
    root: str | os.PathLike[str] | None = None,
    labels: str | None = None,
    split: str | None = None,
    edition: str | None = None,
    protocol: str = OURS,
    store: ArtifactStore | None = None,
) -> Request:
    """How a dataset is loaded with these options (see `load_dataset`)."""
    entry = DATASETS[name]
    usual_labels, usual_split = entry.usual(known_protocol(protocol))
    numbers = entry.numbers(edition)
    folder = Path(root) if root is not None else data_root()
    return Request(
        root=folder,
        labels=offered(entry, "labels", usual_labels if labels is None else labels, entry.labels),
        split=offered(entry, "split", usual_split if split is None else split, entry.splits),
        edition=offered(entry, "edition", entry.edition_names[0] if edition is None else edition, entry.edition_names),
        store=store or ArtifactStore(),
        numbers=numbers,
        fetch_command=fetch_command(numbers, folder),
    )


def fetch_command(numbers: DatasetProtocol, root: Path | None = None) -> str:
    """The command that fetches an edition's records; where no registered dataset has these numbers, what to copy instead.

    Parameters
    ----------
    numbers : of an edition of a dataset
    root : folder of the records, laid out as `<slug>/<version>/`; named in the command where it is not the default one
    """
    where = "" if root is None or root == data_root() else f" --dir {shlex.quote(str(root))}"
    for entry in DATASETS:
        for edition in entry.edition_names:
            if entry.numbers(edition) == numbers:
                named = "" if edition == entry.edition_names[0] else f" --edition {edition}"
                return f"ecgbench download {entry.key}{named}{where}"
    below = f"{numbers.slug}/{numbers.version}/"
    return f"copy the files of {MIRROR}{below} to {below} below the folder of the records."


def data_root() -> Path:
    """`ECGBENCH_DATA`, else below the user's cache folder."""
    return Path(os.environ.get("ECGBENCH_DATA") or user_cache() / "data")


def offered(entry: DatasetEntry, option: str, value: str, values: tuple[str, ...]) -> str:
    """The value of an option, which must be one that the dataset offers."""
    if value not in values:
        known = ", ".join(filter(None, values)) or "none"
        raise InputError(f'expected {option} of {entry.key} among {known}, got "{shortened(value)}"; choose one of these.')
    return value
