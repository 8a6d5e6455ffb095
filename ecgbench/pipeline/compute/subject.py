"""What maps and scores are computed of: a trained model and the windows of it that are explained, a batch at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import Request
from ecgbench.datasets.records.counterfactuals.donors import Donors
from ecgbench.pipeline.compute.windows.regions import regions_of
from ecgbench.protocol import STUDY, DatasetProtocol
from ecgbench.types import Continued, Dataset, EvaluateSteps, Explained, Masks, Regions, Signals, Targets, Windows

if TYPE_CHECKING:
    import torch

    from ecgbench.pipeline.compute.models import TrainedModel

T = TypeVar("T")


@dataclass(frozen=True)
class Subject:
    """A trained model and the windows whose decision is explained.

    Attributes
    ----------
    dataset : the windows' dataset
    spec : the dataset's numbers, of the edition that was asked for
    model : what is explained
    explained : the explained windows
    seed : of methods' and metrics' random numbers
    protocol : "ours" or "study"
    store : where results are kept
    request : how the dataset was loaded
    continued : gives windows of the dataset in mV with what follows them in their records; None where the dataset has no such thing
    batch_size : rows that pass through the model at once; None for the usual number
    """

    dataset: Dataset
    spec: DatasetProtocol
    model: TrainedModel
    explained: Explained
    seed: int
    protocol: str
    store: ArtifactStore
    request: Request
    continued: Callable[[Windows], Continued] | None = field(default=None, repr=False)
    batch_size: int | None = None

    @cached_property
    def regions(self) -> Regions | None:
        """Of each sample of the explained windows, the part of the ECG that it belongs to; None where the dataset doesn't know it."""
        return regions_of(self.explained, self.dataset, self.request)

    @property
    def network(self) -> torch.nn.Module:
        """What methods explain; libraries' ways get the network with all channels, since they need not treat a dead one as nothing."""
        return self.model.module if self.protocol == STUDY else self.model.network

    @cached_property
    def normal_windows(self) -> Signals | None:
        """Standardised normal windows (m, leads, time) of the training side, for methods that compare with them."""
        from ecgbench.pipeline.compute.windows.normal_windows import normal_windows

        return normal_windows(self.dataset, self.spec)

    def redrawn(self, number: int) -> Subject:
        """The same windows and, to be explained in its place, a copy of the model with re-drawn weights, by its number from 1 on."""

        def draw() -> Subject:
            from ecgbench.pipeline.compute.redrawn_models import redrawn_model

            return replace(self, model=redrawn_model(self.model, self.dataset, self.seed, number))

        return self.held(("redrawn", number), draw)

    def held(self, key: Hashable, make: Callable[[], T]) -> T:
        """What is made when it is first asked for, and then remembered for all sources of maps."""
        if key not in self._held:
            self._held[key] = make()
        found: T = self._held[key]
        return found

    @cached_property
    def _held(self) -> dict[Hashable, Any]:
        return {}

    @cached_property
    def donors(self) -> Donors:
        """Donors of the explained windows."""
        from ecgbench.pipeline.compute.windows.donors import stored_donors

        return stored_donors(self.explained.windows, self.dataset, self.spec, self.request)

    @cached_property
    def evaluate(self) -> EvaluateSteps:
        """What metrics evaluate the model with."""
        from ecgbench.models import evaluator

        return evaluator(self.model.module)

    @property
    def multilabel(self) -> bool:
        """Whether a window can have several labels."""
        return self.explained.windows.y.ndim == 2

    @property
    def parts(self) -> list[slice]:
        """Which of the explained windows each batch holds."""
        return batches(len(self.explained.target), self.spec.window_batch)

    def batch(self, number: int) -> Batch:
        """A batch of the explained windows, by its number from 0."""
        return self._batches[number]

    def first(self, count: int) -> list[Batch]:
        """The first of the explained windows, those that one model sees together."""
        return [Batch(self, slice(0, count))]

    @cached_property
    def _batches(self) -> list[Batch]:
        """All batches, each of which remembers its digest for all sources of maps."""
        return [Batch(self, part) for part in self.parts]


@dataclass(frozen=True)
class Batch:
    """Some of the explained windows: what one artifact of maps, or of scores, is about.

    Attributes
    ----------
    subject : what it is a part of
    part : which of the explained windows
    """

    subject: Subject
    part: slice

    @property
    def x(self) -> Signals:
        """(n, leads, time), standardised."""
        signal: Signals = self.subject.explained.windows.x[self.part]
        return signal

    @property
    def target(self) -> Targets:
        """(n,) int64, the explained class."""
        target: Targets = self.subject.explained.target[self.part]
        return target

    @cached_property
    def twin(self) -> Signals | None:
        """(n, leads, time), standardised as the windows are; None where the dataset has no twins."""
        return None if self.windows.twin is None else self.windows.as_inputs(self.windows.twin)

    @cached_property
    def sham(self) -> Signals | None:
        """(n, leads, time), standardised as the windows are; None where the dataset has no shams."""
        return None if self.windows.sham is None else self.windows.as_inputs(self.windows.sham)

    def regions(self) -> Regions | None:
        """(n, leads, time), the part of the ECG that each sample belongs to; None where the dataset doesn't know it."""
        found = self.subject.regions
        return None if found is None else found[self.part]

    @cached_property
    def continued(self) -> Continued | None:
        """(n, leads, more than time) mV, the windows with what follows them in their records; None where that is not known."""
        return None if self.subject.continued is None else self.subject.continued(self.windows)

    @cached_property
    def donor(self) -> Signals:
        """(n, leads, time), standardised as the windows are, nan where a window has no donor."""
        return self.windows.as_inputs(self.subject.donors.donor[self.part])

    @cached_property
    def windows(self) -> Windows:
        """The windows themselves."""
        return self.subject.explained.windows.take(np.arange(self.part.start, self.part.stop))

    def masks(self, kind: str) -> Masks:
        """(n, leads, time) bool, the samples that belong to the explained class; none where the window does not have it."""
        return self.windows.true_masks(self.target, kind)

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What tells the windows and the model from any others."""
        return {**self.subject.model.identity, "x": array_digest(self.x), "target": self.target.tolist()}


def batches(count: int, size: int) -> list[slice]:
    """Slices of the explained windows that one artifact holds each."""
    return [slice(first, min(first + size, count)) for first in range(0, count, size)]


def array_digest(array: np.ndarray) -> str:
    """SHA-256 of an array's values in C order."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
