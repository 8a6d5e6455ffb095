"""Scores of metrics that watch the outputs while a window is perturbed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float, Int64

from ecgbench.metrics import MetricEntry
from ecgbench.needs import METRIC_NEEDS, ScoredBatch, supplied
from ecgbench.types import Attributions, EvaluateSteps, PerWindow, Rows, Steps


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
    def evaluated(self) -> tuple[Rows, EvaluateSteps]:
        """The windows (n, leads, time), and what the model is evaluated with."""
        needed = supplied(self.entry.key, ("x", "target", "evaluate"), METRIC_NEEDS, self.batch)
        return needed["x"], needed["evaluate"]

    @cached_property
    def plans(self) -> list[Steps]:
        """What each variant zeroes."""
        assert self.entry.perturb is not None, "only metrics that perturb come here"
        return [self.entry.perturb(maps, self.evaluated[0], self.batch.seed, **self.options) for maps in self.variants]

    @cached_property
    def steps(self) -> Steps:
        """What all variants zero, a row for each map."""
        return Steps.joined(self.plans)

    def scores(self, curves: Float[np.ndarray, "rows points outputs"]) -> list[PerWindow]:
        """Scores (n,) of each variant, of the logits (rows, points, outputs) along the steps."""
        own = curves[:, : 1 + self.steps.onset.shape[1]]
        followed = replace(self.batch, **_of_rows(self.batch, self.steps.window), curves=own, steps=self.steps.count)
        scores = self.entry.function(**supplied(self.entry.key, self.entry.needs, METRIC_NEEDS, followed))
        return np.split(scores, np.cumsum([len(plan) for plan in self.plans])[:-1])


def perturbed_scores(asked: Sequence[Perturbation]) -> list[list[PerWindow]]:
    """Scores of each variant of each perturbation, from one evaluation of all.

    What is evaluated together changes no bit of a score: a row's logits do not follow from the rows beside it.

    Parameters
    ----------
    asked : all of the same windows and model, at least one
    """
    x, evaluate = asked[0].evaluated
    curves = evaluate.stepwise(x, Steps.joined([one.steps for one in asked]))
    borders = np.cumsum([len(one.steps) for one in asked])[:-1]
    return [one.scores(part) for one, part in zip(asked, np.split(curves, borders), strict=True)]


def _of_rows(batch: ScoredBatch, window: Int64[np.ndarray, " rows"]) -> dict[str, Any]:
    """The batch's arrays with a row for each map instead of one for each window."""
    held = {name: getattr(batch, name) for name in ("x", "target", "mask")}
    return {name: array[window] for name, array in held.items() if array is not None}
