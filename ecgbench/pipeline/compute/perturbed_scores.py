"""Scores of metrics that watch the outputs while a window is perturbed."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float, Int64

from ecgbench.baseline import ZERO, baseline_windows
from ecgbench.metrics import MetricEntry
from ecgbench.needs import METRIC_NEEDS, ScoredBatch, supplied
from ecgbench.types import Attributions, PerWindow, Replacement, Steps


@dataclass(frozen=True)
class Perturbation:
    """One metric that perturbs, on variants of one source's maps.

    Attributes
    ----------
    entry : a metric with `perturb`
    variants : maps (n, leads, time) of the same windows
    batch : the windows
    options : of the metric
    """

    entry: MetricEntry
    variants: Sequence[Attributions]
    batch: ScoredBatch
    options: Mapping[str, Any]

    @cached_property
    def supplied(self) -> dict[str, Any]:
        """What `perturb` needs, and what the model is evaluated with and on."""
        return supplied(self.entry.key, ("x", "target", "evaluate", *self.entry.perturb_needs), METRIC_NEEDS, self.batch)

    @property
    def replacing(self) -> tuple[str, str | int]:
        """What tells the replacement from those of other perturbations of the same windows: a need, and a baseline by name or identity."""
        baseline = self.options.get("baseline", ZERO)
        return self.entry.replacement, baseline if isinstance(baseline, str) else id(baseline)

    @cached_property
    def replacement(self) -> Replacement:
        """What takes the place of samples, (windows, leads, time); None for zeros."""
        if self.entry.replacement:
            replaced: Replacement = self.supplied[self.entry.replacement]
            return replaced
        if self.replacing == ("", ZERO):
            return None
        x = self.supplied["x"]
        return np.broadcast_to(baseline_windows(self.options["baseline"], x), x.shape)

    @cached_property
    def plans(self) -> list[Steps]:
        """What each variant replaces."""
        assert self.entry.perturb is not None, "only metrics that perturb come here"
        given = {name: self.supplied[name] for name in self.entry.perturb_needs if name in _parameters(self.entry.perturb)}
        return [self.entry.perturb(maps, **given, **self.options) for maps in self.variants]

    @cached_property
    def steps(self) -> Steps:
        """What all variants replace, a row for each map."""
        return Steps.joined(self.plans)

    def scores(self, curves: Float[np.ndarray, "rows points outputs"]) -> list[PerWindow]:
        """Scores (n,) of each variant, of the logits (rows, points, outputs) along the steps."""
        own = curves[:, : 1 + self.steps.onset.shape[1]]
        changed = np.pad((self.steps.offset - self.steps.onset).cumsum(axis=1), ((0, 0), (1, 0)))
        followed = replace(self.batch, **_of_rows(self.batch, self.steps.window), curves=own, steps=self.steps.count, changed=changed)
        scores = self.entry.function(**supplied(self.entry.key, self.entry.needs, METRIC_NEEDS, followed))
        return np.split(scores, np.cumsum([len(plan) for plan in self.plans])[:-1])


def perturbed_scores(asked: Sequence[Perturbation]) -> list[list[PerWindow]]:
    """Scores of each variant of each perturbation, from one evaluation of all.

    What is evaluated together changes no bit of a score: a row's logits do not follow from the rows beside it.

    Parameters
    ----------
    asked : all of the same windows and model, at least one
    """
    found: dict[int, list[PerWindow]] = {}
    for replacing in dict.fromkeys(one.replacing for one in asked):
        own = {number: one for number, one in enumerate(asked) if one.replacing == replacing}
        borders = np.cumsum([len(one.steps) for one in own.values()])[:-1]
        for (number, one), part in zip(own.items(), np.split(_curves(list(own.values())), borders), strict=True):
            found[number] = one.scores(part)
    return [found[number] for number in range(len(asked))]


def _curves(asked: Sequence[Perturbation]) -> Float[np.ndarray, "rows points outputs"]:
    """Logits along the steps of all perturbations, which replace by the same."""
    given, steps, replacement = asked[0].supplied, Steps.joined([one.steps for one in asked]), asked[0].replacement
    curves: Float[np.ndarray, "rows points outputs"] = given["evaluate"].stepwise(
        given["x"], steps, *([] if replacement is None else [replacement])
    )
    return curves


def _parameters(function: Callable[..., Any]) -> Collection[str]:
    return inspect.signature(function).parameters.keys()


def _of_rows(batch: ScoredBatch, window: Int64[np.ndarray, " rows"]) -> dict[str, Any]:
    """The batch's arrays with a row for each map instead of one for each window."""
    held = {name: getattr(batch, name) for name in ("x", "target", "mask", "twin", "sham", "donor")}
    rows: dict[str, Any] = {name: array[window] for name, array in held.items() if array is not None}
    shared = batch.shared
    return rows if shared is None else {**rows, "shared": {name: array[window] for name, array in shared.items()}}
