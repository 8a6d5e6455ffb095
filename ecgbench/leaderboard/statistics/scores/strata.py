"""Scores where a model is right, where it is wrong, and where it is sure and wrong.

A stratum's score is the mean over models of the means over its windows, as a page's scores are. Patients are drawn whole, each with the
windows of every stratum, so that the difference of two strata has an interval of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64, Int64

from ecgbench.leaderboard.statistics.ranking import AGREEING, Column
from ecgbench.leaderboard.statistics.scores.window_scores import LEAST_PATIENTS, WindowScores
from ecgbench.protocol import SURE
from ecgbench.randomness import seed_generator
from ecgbench.results import drawn_means, expanded_tail, patient_sums, patient_weights

RIGHT, WRONG, SURE_AND_WRONG = "right", "wrong", "sure and wrong"
STRATA = (RIGHT, WRONG, SURE_AND_WRONG)
"""Windows whose predicted class is theirs, the others, and those of the others with a probability of `SURE` or more."""

LEVEL = 0.95

Variant = tuple[str, str]
Weights = Int64[np.ndarray, "resamples patients"]


class Estimate(NamedTuple):
    """A mean, or a difference of two, with its 95 % interval over patients; all nan where it is undefined, and none for few patients."""

    value: float
    low: float
    high: float

    @property
    def sign(self) -> int:
        """1 or -1 if the interval is on that side of 0, else 0."""
        if math.isnan(self.low):
            return 0
        return int(round(self.low, AGREEING) > 0) - int(round(self.high, AGREEING) < 0)


class ByStratum(NamedTuple):
    """One variant in one metric.

    Attributes
    ----------
    strata : by name of `STRATA`, the mean score
    defined : by name of `STRATA`, of how many windows of all models
    kept : the score where the model is wrong less that where it is right; positive is better, whichever way the metric points
    """

    strata: Mapping[str, Estimate]
    defined: Mapping[str, int]
    kept: Estimate


class _Drawn(NamedTuple):
    """Means (variants,), resampled means (variants, resamples), patients of the model with the fewest, and windows, (variants,)."""

    mean: Float64[np.ndarray, " variants"]
    draws: Float64[np.ndarray, "variants resamples"]
    patients: Int64[np.ndarray, " variants"]
    windows: Int64[np.ndarray, " variants"]


def members(windows: WindowScores, seed: int) -> dict[str, Bool[np.ndarray, " n"]]:
    """Which explained windows of a model belong to each stratum: (n,) by name; nothing where no predictions are explained."""
    if seed not in windows.right:
        return {}
    right, sure = windows.right[seed], windows.probability[seed] >= SURE
    return {RIGHT: right, WRONG: ~right, SURE_AND_WRONG: ~right & sure}


def named_strata(windows: WindowScores, seed: int) -> list[str]:
    """The smallest stratum of each explained window of a model."""
    named = np.full(len(windows.right[seed]), RIGHT, dtype=object)
    for name in (WRONG, SURE_AND_WRONG):
        named[members(windows, seed)[name]] = name
    return [str(name) for name in named]


def by_stratum(
    windows: WindowScores, column: Column, variants: Sequence[Variant], resamples: int = 2000, seed: int = 0
) -> dict[Variant, ByStratum]:
    """Scores of each variant by stratum.

    Parameters
    ----------
    windows : per-window scores of explained predictions
    column : the metric
    variants : that have its scores of every seed
    resamples : number of draws
    seed : of the generator, beside the dataset's name
    """
    weights = patient_weights(len(windows.patients), resamples, seed_generator(seed, f"patients of {windows.dataset}"))
    found = {name: _drawn(windows, column.name, variants, name, weights) for name in STRATA}
    sign = 1.0 if column.entry.higher_is_better else -1.0
    right, wrong = found[RIGHT], found[WRONG]
    fewest, total = np.minimum(wrong.patients, right.patients), wrong.windows + right.windows
    kept = _Drawn(sign * (wrong.mean - right.mean), sign * (wrong.draws - right.draws), fewest, total)
    return {variant: _of_row(found, kept, row) for row, variant in enumerate(variants)}


def _of_row(found: Mapping[str, _Drawn], kept: _Drawn, row: int) -> ByStratum:
    strata = {name: _estimate(drawn, row) for name, drawn in found.items()}
    return ByStratum(strata, {name: int(drawn.windows[row]) for name, drawn in found.items()}, _estimate(kept, row))


def _drawn(windows: WindowScores, metric: str, variants: Sequence[Variant], stratum: str, weights: Weights) -> _Drawn:
    mean, draws = np.zeros(len(variants)), np.zeros((len(variants), len(weights)))
    patients, total = np.full(len(variants), len(windows.patients)), np.zeros(len(variants), dtype=np.int64)
    everyone = np.ones((1, len(windows.patients)), dtype=np.int64)
    for model in windows.seeds:
        scores = np.stack([windows.values[*variant, metric, model] for variant in variants])
        inside = np.where(members(windows, model)[stratum], scores, np.nan)
        sums, counts = patient_sums(inside, windows.index(model), len(windows.patients))
        mean += drawn_means(everyone, sums, counts)[:, 0]
        draws += drawn_means(weights, sums, counts)
        patients = np.minimum(patients, (counts > 0).sum(axis=1))
        total += counts.sum(axis=1).astype(np.int64)
    return _Drawn(mean / len(windows.seeds), draws / len(windows.seeds), patients, total)


def _estimate(drawn: _Drawn, row: int) -> Estimate:
    """The mean and its interval; a draw in which some model has no window of a stratum is left out."""
    value, patients = float(drawn.mean[row]), int(drawn.patients[row])
    defined = drawn.draws[row][~np.isnan(drawn.draws[row])]
    if patients < LEAST_PATIENTS or not defined.size:
        return Estimate(value, math.nan, math.nan)
    tail = expanded_tail(patients, LEVEL)
    low, high = np.quantile(defined, [tail, 1 - tail])
    return Estimate(value, float(low), float(high))
