"""Whether submitted maps are better on the public windows than on held-back ones, by more than chance explains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from ecgbench.pipeline.grid.address import RAW, MapsAddress, split_metric
from ecgbench.pipeline.submissions.held_back import HeldBackRun
from ecgbench.results.bootstrap.resampling import drawn_means, expanded_tail, patient_sums, patient_weights
from ecgbench.types import Names, PerWindow

LEVEL = 0.95
"""How often the intervals of all rows should hold their differences, all of them at once."""

RESAMPLES, DRAWS_SEED = 2000, 0

VARIES = "map_varies"
"""The row of the share of maps that are not constant: on those that are, most metrics are undefined and would say nothing."""


@dataclass(frozen=True)
class SeedScores:
    """Scores of one seed's compared windows.

    Attributes
    ----------
    values : (n,) scores, nan where undefined; of the public windows, then of the held-back ones
    patient : (n,) str
    public : how many are public
    """

    values: PerWindow
    patient: Names
    public: int

    @property
    def sides(self) -> tuple[slice, slice]:
        """Which of the windows are public, and which are held back."""
        return slice(0, self.public), slice(self.public, None)


@dataclass(frozen=True)
class Compared:
    """A measure of the maps on the public windows and on the held-back ones.

    Attributes
    ----------
    metric, variant : what is measured
    public, held_back : means over seeds of the means over the defined windows; nan where a seed has none
    low, high : interval of public - held_back; nan where with some seed fewer than two patients have a defined window on either side
    better_on_public : whether the public mean is better than the interval allows for
    """

    metric: str
    variant: str
    public: float
    held_back: float
    low: float
    high: float
    better_on_public: bool


def compare_sides(found: HeldBackRun) -> list[Compared]:
    """Each metric and variant of the cells on the public windows and on the held-back ones, whether maps vary at all first.

    The level of the intervals is shared out over the rows (Bonferroni), so that no submission is marked for having many.
    """
    rows = {(VARIES, RAW): [_seed_scores(found, seed, _varies(found, seed)) for seed in found.drawn]}
    for cell in found.cells:
        scores = _seed_scores(found, cell.seed, found.run.scores(cell).values)
        rows.setdefault((cell.metric, cell.variant), []).append(scores)
    level = 1 - (1 - LEVEL) / len(rows)
    return [_compared(*measure, scores, level) for measure, scores in rows.items()]


def _seed_scores(found: HeldBackRun, seed: int, values: PerWindow) -> SeedScores:
    of = next(cell.of_model for cell in found.cells if cell.seed == seed)
    return SeedScores(values, found.run.explained(of).windows.patient, len(found.drawn[seed].public))


def _varies(found: HeldBackRun, seed: int) -> PerWindow:
    first = found.cells[0]
    maps = found.run.maps(MapsAddress(first.dataset, first.model, first.source, seed)).values
    varies: PerWindow = (maps != maps[:, :1, :1]).any(axis=(1, 2)).astype(np.float64)
    return varies


def _compared(metric: str, variant: str, seeds: Sequence[SeedScores], level: float) -> Compared:
    public, held_back = (float(np.mean([_mean(one.values[one.sides[side]]) for one in seeds])) for side in (0, 1))
    low, high = difference_interval(seeds, level)
    higher_is_better, atol = True, 0.0
    if metric != VARIES:
        entry, _ = split_metric(metric)
        higher_is_better, atol = entry.higher_is_better, entry.atol
    # Differences within a metric's tolerance are none, however surely they are there.
    return Compared(metric, variant, public, held_back, low, high, low > atol if higher_is_better else high < -atol)


def _mean(values: PerWindow) -> float:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if defined.size else float("nan")


def difference_interval(seeds: Sequence[SeedScores], level: float) -> tuple[float, float]:
    """Interval of the mean over seeds of what the public mean has more than the held-back one; nan, nan where it cannot be told.

    Patients are drawn again, each with the public and the held-back windows of all seeds. Quantiles as far out as many rows ask for cannot
    be read off the draws: the interval is the difference, and on either side as many of the draws' standard deviations as a normal
    distribution has beyond `expanded_tail` of the fewest patients of a seed and side.

    Parameters
    ----------
    seeds : scores of each seed
    level : how often the interval should hold the true difference, 0 to 1
    """
    from scipy.special import ndtri

    names = np.unique(np.concatenate([one.patient for one in seeds]))
    weights = patient_weights(len(names), RESAMPLES, np.random.default_rng(DRAWS_SEED))
    once = np.ones((1, len(names)), dtype=np.int64)
    drawn = _differences(seeds, names, np.concatenate([once, weights]))
    fewest = min(_patients(one, side) for one in seeds for side in one.sides)
    if fewest < 2:
        return float("nan"), float("nan")
    reach = -ndtri(expanded_tail(fewest, level)) * np.nanstd(drawn[1:])
    return float(drawn[0] - reach), float(drawn[0] + reach)


def _patients(one: SeedScores, side: slice) -> int:
    return len(np.unique(one.patient[side][~np.isnan(one.values[side])]))


def _differences(seeds: Sequence[SeedScores], names: Names, weights: np.ndarray) -> Float64[np.ndarray, " draws"]:
    """The difference in each draw of patients; nan where a seed has no defined window on a side."""
    total = np.zeros(len(weights))
    for one in seeds:
        index = np.searchsorted(names, one.patient)
        public, held_back = (drawn_means(weights, *patient_sums(one.values[None, side], index[side], len(names)))[0] for side in one.sides)
        total += public - held_back
    return total / len(seeds)
