"""Comparison with the best: which methods may be the best one, judged together, for other models and other patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from ecgbench.errors import InputError
from ecgbench.leaderboard.statistics.models.spread import contrast_spread
from ecgbench.leaderboard.statistics.models.tally import Tally
from ecgbench.leaderboard.statistics.ranking import AGREEING


@dataclass(frozen=True)
class Best:
    """Each row compared with the best of the others, in units of the metric, positive where the row is better.

    Attributes
    ----------
    difference : (rows,) from the best of the others
    low, high : (rows,) simultaneous intervals of the true differences, which hold 0 or end there (Hsu's constrained intervals)
    candidates : (rows,) whether the row is not told apart from the best
    probability : (rows,) of which each single difference from the row has the margin, so that all together have `level`
    """

    difference: Float64[np.ndarray, " rows"]
    low: Float64[np.ndarray, " rows"]
    high: Float64[np.ndarray, " rows"]
    candidates: Bool[np.ndarray, " rows"]
    probability: Float64[np.ndarray, " rows"]


def comparison_with_best(
    scores: Tally, draws: Float64[np.ndarray, "rows resamples"], higher_is_better: bool, level: float = 0.95, *, these_models: bool = False
) -> Best | None:
    """Hsu's comparison with the best, over models and patients, or over patients for these models alone.

    Every row is taken to be the best in turn. It stays a candidate unless another one is better by more than a margin. The margins are
    those of a single difference (see `Spread`) with a probability at which even the largest of all differences seldom exceeds them.
    It is found in the resampled means, so that how differences go together is not assumed. The best row is among the candidates, and all
    intervals hold, in a share `level` of cases at least.

    Parameters
    ----------
    scores : sums and numbers of windows of the rows that are compared, of one metric
    draws : their resampled means, over models and patients (see `ecgbench.leaderboard.statistics.models.draws.two_way_draws`), or over
        patients alone for these models
    higher_is_better : direction of the metric
    level : of all intervals together, 0 to 1
    these_models : whether it speaks of these models alone, of which there may be one

    Returns
    -------
    The comparison; None where fewer than two models should speak of others, or where a row and model have a defined window of fewer than
    two patients.

    Raises
    ------
    InputError
        If there are fewer than two rows, not the draws of each, or the level is not a share.

    References
    ----------
    Edwards & Hsu 1983, Multiple comparisons with the best treatment, J. Am. Stat. Assoc. 78:965-971
    Hsu 1984, Constrained simultaneous confidence intervals for multiple comparisons with the best, doi:10.1214/aos/1176346732
    """
    rows = len(scores.sums)
    if rows < 2 or len(draws) != rows or not 0 < level < 1:
        raise InputError(f"expected two rows or more with draws and a share, got {rows} rows, {len(draws)} with draws and {level}.")
    if (scores.models < 2 and not these_models) or (scores.patients < 2).any():
        return None
    sign = 1.0 if higher_is_better else -1.0
    first, second = np.nonzero(~np.eye(rows, dtype=bool))
    found = contrast_spread(scores, first.tolist(), second.tolist())
    difference = _square(np.round(sign * found.mean, AGREEING), rows)
    probability = joint_probability(sign * draws, level)
    margin_at = found.margin_of_these if these_models else found.margin
    margin = np.stack([_square(margin_at(row), rows)[number] for number, row in enumerate(probability)])
    return _constrained(difference, margin, probability)


def joint_probability(draws: Float64[np.ndarray, "rows resamples"], level: float) -> Float64[np.ndarray, " rows"]:
    """Probability that single differences from a row must have so that all together have `level`, by row.

    Parameters
    ----------
    draws : resampled means; a draw that is nan for a row is left out
    level : one-sided, of all differences from one row together
    """
    from scipy.special import ndtr

    kept = draws[:, ~np.isnan(draws).any(axis=0)]
    found = np.full(len(kept), level)
    for row in range(len(kept)):
        differences = np.delete(kept - kept[row], row, axis=0)
        spread = differences.std(axis=1, keepdims=True)
        centred = differences - differences.mean(axis=1, keepdims=True)
        largest = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 0).max(axis=0)
        # No single difference may have a smaller margin than if it were the only one.
        found[row] = max(float(ndtr(np.quantile(largest, level))), level)
    return found


def _square(values: Float64[np.ndarray, " pairs"], rows: int) -> Float64[np.ndarray, "rows rows"]:
    found = np.full((rows, rows), np.nan)
    found[~np.eye(rows, dtype=bool)] = values
    return found


def _constrained(
    difference: Float64[np.ndarray, "rows rows"], margin: Float64[np.ndarray, "rows rows"], probability: Float64[np.ndarray, " rows"]
) -> Best:
    closest = np.nanmin(difference + margin, axis=1)
    candidates = closest >= 0
    # Only a candidate can be the best, so nothing is compared with the others; margins are those of the candidate's own row.
    against = np.where(candidates[None, :], difference - margin.T, np.nan)
    lowest = np.where(np.isnan(against), np.inf, against).min(axis=1)
    return Best(np.nanmin(difference, axis=1), np.minimum(lowest, 0.0), np.maximum(closest, 0.0), candidates, probability)
