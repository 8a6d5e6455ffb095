"""The gain over the best blind control: what a score owes to more than the signal's shape, with its interval.

Blind controls are maps that know neither the model nor the answer (see `Board.blind`). Which of them is the best is decided by the scores
that are compared. So a gain is the smallest of the gains over all of them, and its interval is one of that smallest gain:

- its lower end is the lowest one of the single intervals, which needs no correction: it is too high only if that of the control that is
  truly the best is (an intersection-union test, Berger 1982, doi:10.1080/00401706.1982.10487790);
- its upper end is the lowest one, too, of single intervals whose level is corrected for the number of controls (Bonferroni).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from ecgbench.leaderboard.statistics.ranking import AGREEING, Column
from ecgbench.leaderboard.statistics.scores.window_scores import WindowScores
from ecgbench.randomness import seed_generator
from ecgbench.results import drawn_means, expanded_tail, patient_sums, patient_weights, row_quantiles

LEVEL = 0.95

Variant = tuple[str, str]
Weights = Int64[np.ndarray, "resamples patients"]


class Gain(NamedTuple):
    """How much better a variant is than the best blind control, over the windows that have a score of both.

    Attributes
    ----------
    control : the blind control over which the gain is the smallest
    value : that gain, the mean over seeds of the means over windows; positive is better, whichever way the metric points
    low, high : 95 % interval of the smallest gain, patients resampled; nan where there is none
    """

    control: str
    value: float
    low: float
    high: float

    @property
    def shown(self) -> bool:
        """Whether the gain is told from none: the whole interval, or without one the gain itself, is above 0."""
        return round(self.value if math.isnan(self.low) else self.low, AGREEING) > 0


@dataclass(frozen=True)
class _Differences:
    """Gains of several variants over one control: means, resampled means, and patients of the seed with the fewest."""

    control: str
    mean: Float64[np.ndarray, " variants"]
    drawn: Float64[np.ndarray, "variants resamples"]
    patients: Int64[np.ndarray, " variants"]


def smallest_gains(
    windows: WindowScores, shown: Sequence[Column], blind: Sequence[str], resamples: int = 2000, seed: int = 0
) -> dict[tuple[str, str, str], Gain]:
    """Gain over the best blind control of every method and control that isn't blind, by source, variant and metric.

    Parameters
    ----------
    windows : per-window scores of one dataset
    shown : columns of the metrics
    blind : controls and methods that know neither the model nor the answer
    resamples : number of draws
    seed : of the generator, beside the dataset's name
    """
    weights = patient_weights(len(windows.patients), resamples, seed_generator(seed, f"patients of {windows.dataset}"))
    found = {}
    for column in shown:
        held = [variant for variant in windows.variants(column.name) if variant[0] not in blind]
        pairs = list(_pairs(windows, column, held, blind, weights)) if held else []
        if not pairs:
            continue
        ends = _ends(pairs)
        for row, variant in enumerate(held):
            if (gain := _smallest(pairs, ends, row)) is not None:
                found[*variant, column.name] = gain
    return found


def _pairs(
    windows: WindowScores, column: Column, held: Sequence[Variant], blind: Sequence[str], weights: Weights
) -> Iterator[_Differences]:
    """Differences from each blind control that has a score of every seed, one control after another."""
    sign = 1.0 if column.entry.higher_is_better else -1.0
    known = set(windows.variants(column.name))
    for control in blind:
        if (control, "raw") in known:
            yield _differences(windows, column.name, held, control, sign, weights)


def _differences(windows: WindowScores, metric: str, held: Sequence[Variant], control: str, sign: float, weights: Weights) -> _Differences:
    mean, drawn = np.zeros(len(held)), np.zeros((len(held), len(weights)))
    patients = np.full(len(held), len(windows.patients))
    for model in windows.seeds:
        scores = np.stack([windows.values[*variant, metric, model] for variant in held])
        better = sign * (scores - windows.values[control, "raw", metric, model])
        sums, counts = patient_sums(better, windows.index(model), len(windows.patients))
        mean += drawn_means(np.ones((1, len(windows.patients)), dtype=np.int64), sums, counts)[:, 0]
        drawn += drawn_means(weights, sums, counts)
        patients = np.minimum(patients, (counts > 0).sum(axis=1))
    return _Differences(control, mean / len(windows.seeds), drawn / len(windows.seeds), patients)


def _smallest(pairs: Sequence[_Differences], ends: Float64[np.ndarray, "controls variants 2"], row: int) -> Gain | None:
    """The smallest gain of a variant over the controls that share a defined window with it on every seed; None if none does."""
    defined = [number for number, pair in enumerate(pairs) if not np.isnan(pair.mean[row])]
    if not defined:
        return None
    least = min((pairs[number] for number in defined), key=lambda pair: round(float(pair.mean[row]), AGREEING))
    low, high = ends[defined, row].min(axis=0)
    return Gain(least.control, float(least.mean[row]), float(low), float(high))


def _ends(pairs: Sequence[_Differences]) -> Float64[np.ndarray, "controls variants 2"]:
    """Ends of the single intervals: the lower one at the level, the upper one at the level corrected for the number of controls.

    They are nan for fewer than two patients.
    """
    controls = sum(~np.isnan(pair.mean) for pair in pairs)
    found = []
    for pair in pairs:
        tails = [_tails(int(patients), int(number)) for patients, number in zip(pair.patients, controls, strict=True)]
        low, high = np.array(tails).T
        found.append(row_quantiles(pair.drawn, low, high))
    return np.stack(found)


def _tails(patients: int, controls: int) -> tuple[float, float]:
    if patients < 2 or not controls:
        return math.nan, math.nan
    return expanded_tail(patients, LEVEL), 1 - expanded_tail(patients, 1 - (1 - LEVEL) / controls)
