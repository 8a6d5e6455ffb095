"""Mean, spread, interval and class-balanced mean of every variant in every metric of a dataset."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from ecgbench.leaderboard.statistics.scores.window_scores import WindowScores, balanced_mean
from ecgbench.results import seeds_intervals

Name = tuple[str, str, str]


class Summary(NamedTuple):
    """Statistics of one variant in one metric on a dataset.

    Attributes
    ----------
    mean : over seeds of the means over windows; nan if a seed's is undefined or missing
    spread : standard deviation over seeds, nan for one
    low, high : 95 % interval of the mean, patients resampled; nan where there is none
    balanced : the mean with each class weighing the same
    windows, undefined : windows of all seeds, and how many of them have no score
    seeds : number of seeds that have a value
    """

    mean: float
    spread: float
    low: float
    high: float
    balanced: float
    windows: int
    undefined: int
    seeds: int


def summaries(windows: WindowScores) -> dict[Name, Summary]:
    """Statistics of every variant in every metric, by method or control, variant and metric.

    Those with scores of the same seeds are resampled together, which takes a fraction of the time of one after another.

    Parameters
    ----------
    windows : per-window scores of one dataset
    """
    held: dict[Name, list[int]] = {}
    for source, variant, metric, seed in windows.values:
        held.setdefault((source, variant, metric), []).append(seed)
    groups: dict[tuple[int, ...], list[Name]] = {}
    for name, seeds in held.items():
        groups.setdefault(tuple(sorted(seeds)), []).append(name)
    found = {name: one for seeds, names in groups.items() for name, one in _of_seeds(windows, names, seeds).items()}
    return {name: found[name] for name in held}


def _of_seeds(windows: WindowScores, names: Sequence[Name], seeds: Sequence[int]) -> dict[Name, Summary]:
    values = [np.stack([windows.values[*name, seed] for name in names]) for seed in seeds]
    intervals = seeds_intervals(values, [windows.patient[seed] for seed in seeds])
    scores = zip(*values, strict=True)
    return {name: _summary(windows, seeds, one, ends) for name, one, ends in zip(names, scores, intervals, strict=True)}


def _summary(
    windows: WindowScores, seeds: Sequence[int], values: Sequence[Float64[np.ndarray, " _"]], interval: Float64[np.ndarray, " 2"]
) -> Summary:
    means = [float(defined.mean()) if (defined := scores[~np.isnan(scores)]).size else math.nan for scores in values]
    balanced = [balanced_mean(scores, windows.target[seed]) for seed, scores in zip(seeds, values, strict=True)]
    return Summary(
        mean=float(np.mean(means)),
        spread=float(np.std(means, ddof=1)) if len(means) > 1 else math.nan,
        low=float(interval[0]),
        high=float(interval[1]),
        balanced=float(np.mean(balanced)),
        windows=sum(map(len, values)),
        undefined=int(sum(np.isnan(scores).sum() for scores in values)),
        seeds=len(seeds),
    )
