"""Options of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ecgbench.artifacts import ArtifactStore
from ecgbench.device_kinds import PROCESSOR
from ecgbench.protocol import ALL, COMMON, OURS, DatasetProtocol


@dataclass(frozen=True)
class Options:
    """Options of a run: how many windows, of which labels, split and edition, under which protocol, where it computes and stores.

    Attributes
    ----------
    samples : explained windows of each dataset and seed; "all", or None for the dataset's usual number
    labels, split, edition : as those of `load_dataset`
    protocol : "ours" or "study"
    explained : "common", windows that the models of all seeds recognise; "own", those that each model alone does; or "predicted", those in
        which each model predicts something abnormal, right or wrong, with the predicted class
    device : where models compute
    precision : in which models are trained that the store does not hold
    root : folder of the records
    store : artifact store
    retrain_since : if given (seconds since the epoch), models must have been trained after that time
    """

    samples: int | str | None = None
    labels: str | None = None
    split: str | None = None
    edition: str | None = None
    protocol: str = OURS
    explained: Literal["common", "own", "predicted"] = COMMON
    device: str = PROCESSOR
    precision: str = "float32"
    root: Path | None = None
    store: ArtifactStore = field(default_factory=ArtifactStore)
    retrain_since: float | None = None

    def samples_of(self, numbers: DatasetProtocol) -> int | None:
        """Windows of a dataset that are explained; None for all of them."""
        if self.samples == ALL:
            return None
        return numbers.samples if self.samples is None else int(self.samples)
