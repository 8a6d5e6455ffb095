"""What a dataset's function is asked for, and how it answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from ecgbench.artifacts import ArtifactStore, artifact_key
from ecgbench.datasets.records.files.wfdb_header import AGAIN
from ecgbench.datasets.simulator.stand_in import is_simulated
from ecgbench.protocol import DatasetProtocol
from ecgbench.types import Dataset, Windows


@runtime_checkable
class LoadedSide(Protocol):
    """One side of a split: its windows, and the key of the artifact that holds them."""

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
    """What a dataset's function is asked for; every option is one that its entry offers.

    Attributes
    ----------
    root : folder of all databases, laid out as `<slug>/<version>/`
    labels, split, edition : the chosen options
    store : where windows are kept
    numbers : the edition's numbers
    fetch_command : the command that fetches the edition's records, for error messages
    remedy, absent : what helps where a record cannot be used, and where it is not there, for error messages
    """

    root: Path
    labels: str
    split: str
    edition: str
    store: ArtifactStore
    numbers: DatasetProtocol
    fetch_command: str
    remedy: str = AGAIN
    absent: str = ""

    def __post_init__(self) -> None:
        if not self.absent:
            object.__setattr__(self, "absent", f"fetch it: {self.fetch_command}")

    @property
    def folder(self) -> Path:
        """Folder of the edition's records."""
        return self.root / self.numbers.slug / self.numbers.version

    def answer(self, name: str, train: LoadedSide, test: LoadedSide, leads: tuple[str, ...], notes: tuple[str, ...]) -> Dataset:
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
