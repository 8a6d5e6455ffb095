"""Scores of metrics that watch the outputs while a window is perturbed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Int64

from ecgbench.metrics import MetricEntry
from ecgbench.needs import METRIC_NEEDS, ScoredBatch, supplied
from ecgbench.types import Attributions, PerWindow, Steps


def perturbed_scores(
    entry: MetricEntry, variants: Sequence[Attributions], batch: ScoredBatch, options: Mapping[str, Any]
) -> list[PerWindow]:
    """Scores of each variant of one source's maps, from one evaluation of all.

    A metric and a source are evaluated by themselves: what else a run asks for must not change a last bit, since the order in which
    rows are multiplied does.

    Parameters
    ----------
    entry : a metric with `perturb`
    variants : maps (n, leads, time) of the same windows
    batch : the windows
    options : of the metric
    """
    needed = supplied(entry.key, ("x", "target", "evaluate"), METRIC_NEEDS, batch)
    perturb = _perturbation(entry)
    plans = [perturb(maps, needed["x"], batch.seed, **options) for maps in variants]
    steps = Steps.joined(plans)
    curves = needed["evaluate"].stepwise(needed["x"], steps)
    followed = replace(batch, **_of_rows(batch, steps.window), curves=curves, steps=steps.count)
    scores = entry.function(**supplied(entry.key, entry.needs, METRIC_NEEDS, followed))
    return np.split(scores, np.cumsum([len(plan) for plan in plans])[:-1])


def _of_rows(batch: ScoredBatch, window: Int64[np.ndarray, " rows"]) -> dict[str, Any]:
    """The batch's arrays with a row for each map instead of one for each window."""
    held = {name: getattr(batch, name) for name in ("x", "target", "mask")}
    return {name: array[window] for name, array in held.items() if array is not None}


def _perturbation(entry: MetricEntry) -> Callable[..., Steps]:
    assert entry.perturb is not None, "only metrics that perturb come here"
    return entry.perturb
