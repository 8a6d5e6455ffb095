"""A user's network and his windows, as what maps and scores are computed of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgbench.artifacts import artifact_key
from ecgbench.datasets.records.counterfactuals.donors import Donors
from ecgbench.errors import InputError
from ecgbench.models import Adapted, evaluator, forward, plain_evaluator
from ecgbench.pipeline.compute.subject import Batch, Subject, array_digest
from ecgbench.pipeline.compute.windows.donors import detected_beats, donors_in
from ecgbench.pipeline.compute.windows.normal_windows import of_class_alone
from ecgbench.types import EvaluateSteps, Regions, Signals
from ecgbench.types.evaluation import Logits

if TYPE_CHECKING:
    import torch

OF_ARRAYS = frozenset({"x", "target", "evaluate", "explain", "seed", "multilabel", "fs", "further"})
"""Needs of metrics that any windows meet."""


@dataclass(frozen=True)
class OwnSubject(Subject):
    """A user's network and his windows.

    Attributes
    ----------
    normal : (m, leads, time) windows of the normal class as the network takes them; None if none are known
    normal_class : the class whose windows are normal, of which others of their patients get donors; None if none is known
    """

    normal: Signals | None = field(default=None, repr=False)
    normal_class: int | None = None

    @cached_property
    def normal_windows(self) -> Signals | None:
        """The windows that the user gave as normal ones."""
        return self.normal

    @cached_property
    def donors(self) -> Donors:
        """The patients' normal ECGs at the windows' cardiac phases, by the R peaks that XQRS finds."""
        found = partial(of_class_alone, self.dataset.test, self.normal_class)
        beats = detected_beats(self.dataset.fs)
        return donors_in(self.store, self.explained.windows, self.dataset, found, beats, normal_class=self.normal_class)

    @property
    def met(self) -> frozenset[str]:
        """What metrics may ask for that the user's arrays give."""
        given = {"mask": self.spec.mask_kinds, "twin": self.spec.twins, "sham": self.spec.twins, "donor": self.normal_class is not None}
        return OF_ARRAYS.union(need for need, there in given.items() if there)

    @cached_property
    def regions(self) -> Regions | None:
        """Nothing: of a user's windows no part is known."""
        return None

    @cached_property
    def evaluate(self) -> EvaluateSteps:
        """What metrics evaluate the network with, as many rows at once as the user allows."""
        module = self.model.module
        return evaluator(module) if self.batch_size is None else plain_evaluator(module, self.batch_size)


@dataclass(frozen=True)
class SubjectByWindow(OwnSubject):
    """A user's network that takes further inputs with each window, such as an age: each window is a batch by itself, with its own.

    Attributes
    ----------
    models : of the explained windows, the same network with each one's further inputs
    """

    models: Sequence[Adapted] = field(default=(), repr=False)

    @property
    def parts(self) -> list[slice]:
        """Each explained window alone: copies of one that are perturbed and reordered cannot be told from those of others."""
        return [slice(i, i + 1) for i in range(len(self.models))]

    def first(self, count: int) -> list[Batch]:
        """The first of the explained windows, each alone."""
        return self._batches[:count]

    @cached_property
    def _batches(self) -> list[Batch]:
        return [Batch(self._of_window(model), part) for model, part in zip(self.models, self.parts, strict=True)]

    def _of_window(self, model: Adapted) -> OfWindow:
        extra = [array_digest(values.cpu().numpy()) for values in model.extra.buffers()]
        digest = artifact_key("model of a window", model=self.model.digest, extra=extra, names=list(model.extra.names))
        shared = {one.name: getattr(self, one.name) for one in fields(OwnSubject)}
        return OfWindow(**{**shared, "model": replace(self.model, module=model, digest=digest)}, whole=self)


@dataclass(frozen=True)
class OfWindow(OwnSubject):
    """All windows, with the model that has one window's further inputs.

    Attributes
    ----------
    whole : what it is a part of
    """

    whole: SubjectByWindow | None = field(default=None, repr=False)

    @property
    def parts(self) -> list[slice]:
        """Those of the whole."""
        return [] if self.whole is None else self.whole.parts

    @cached_property
    def donors(self) -> Donors:
        """Those of the whole, for which no model is asked."""
        return super().donors if self.whole is None else self.whole.donors


def models_of_windows(model: torch.nn.Module, count: int) -> list[Adapted] | None:
    """The model of each window, if it has further inputs for each; None if one model serves all.

    Raises
    ------
    InputError
        If it has further inputs for another number of windows.
    """
    if not isinstance(model, Adapted) or model.extra.count <= 1:
        return None
    if model.extra.count != count:
        raise InputError(
            f"expected extra inputs with one row, or {count} as there are windows, got {model.extra.count}; give a row for each."
        )
    return [model.for_window(i) for i in range(count)]


def logits_by_window(models: Sequence[Adapted], x: Signals) -> Logits:
    """Logits (n, outputs) of each window by its own model."""
    logits: Logits = np.concatenate([forward(model, x[i : i + 1]) for i, model in enumerate(models)])
    return logits


def by_window(subject: OwnSubject, models: Sequence[Adapted]) -> SubjectByWindow:
    """The subject with a model for each of its explained windows."""
    shared: dict[str, Any] = {one.name: getattr(subject, one.name) for one in fields(OwnSubject)}
    return SubjectByWindow(**shared, models=models)
