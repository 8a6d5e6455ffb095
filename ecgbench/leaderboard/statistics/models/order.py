"""How far two orders of the same methods agree, and how that would change with other models and patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float64

from ecgbench.errors import InputError
from ecgbench.leaderboard.statistics.correlation import kendall
from ecgbench.leaderboard.statistics.models.tally import Tally
from ecgbench.results import expanded_tail, patient_weights


@dataclass(frozen=True)
class OrderAgreement:
    """Kendall's tau-b of two orders, -1 to 1.

    Attributes
    ----------
    tau : of the orders as they are; nan where one ties all items
    low, high : bounds of its interval; nan where there is none
    items : how many are ordered
    """

    tau: float
    low: float
    high: float
    items: int


def order_agreement(
    values: tuple[Float64[np.ndarray, " _"], Float64[np.ndarray, " _"]],
    draws: tuple[Float64[np.ndarray, "_ _"], Float64[np.ndarray, "_ _"]],
    fewest: int,
    level: float = 0.95,
) -> OrderAgreement:
    """Agreement of two orders with the quantiles of the same in the resampled orders.

    Resampling adds noise to both orders and so lowers their agreement: an interval lies rather low, and may end below the value.

    Parameters
    ----------
    values : (items,) of the same items in both orders, turned so that the same direction is better
    draws : (items, resamples) the same resampled; two metrics of one dataset share their draws, two datasets have draws of their own
    fewest : the smaller of the numbers of models and of patients, which sets how far out the quantiles are taken
    level : of the interval, 0 to 1

    Raises
    ------
    InputError
        If the items or the draws of one are not as many as of the other.

    References
    ----------
    Kendall 1945, The treatment of ties in ranking problems, doi:10.1093/biomet/33.3.239
    """
    first, second = draws
    if first.shape != second.shape or {len(first)} != {len(part) for part in values}:
        raise InputError(f"expected as many items and draws of both orders, got {first.shape} and {second.shape}; keep what is common.")
    tau = float(kendall(values[0][:, None], values[1][:, None])[0]) if len(first) > 1 else float("nan")
    return OrderAgreement(tau, *_bounds(kendall(first, second) if len(first) > 1 else np.empty(0), fewest, level), len(first))


Pair = tuple[Float64[np.ndarray, " _"], Float64[np.ndarray, " _"]]
"""Values (items,) of the same items in two orders."""

PairDraws = tuple[Float64[np.ndarray, "_ _"], Float64[np.ndarray, "_ _"]]
"""The same resampled, (items, resamples)."""


def mean_agreement(pairs: Sequence[tuple[Pair, PairDraws]], fewest: int, level: float = 0.95) -> OrderAgreement:
    """Mean over pairs of orders of their agreement (see `order_agreement`), resampled together; pairs of fewer than two items are left out.

    Parameters
    ----------
    pairs : values and draws of each pair; draws of one number belong together in all pairs
    fewest, level : as of `order_agreement`
    """
    known = [pair for pair in pairs if len(pair[0][0]) > 1]
    if not known:
        return OrderAgreement(float("nan"), float("nan"), float("nan"), 0)
    taus = [float(kendall(first[:, None], second[:, None])[0]) for (first, second), _ in known]
    resampled = np.mean([kendall(*draws) for _, draws in known], axis=0)
    return OrderAgreement(float(np.mean(taus)), *_bounds(resampled, fewest, level), min(len(values[0]) for values, _ in known))


def model_agreement(scores: Tally, resamples: int, generator: np.random.Generator, level: float = 0.95) -> OrderAgreement:
    """Mean over pairs of models of the agreement of their orders of the rows, by their means over windows.

    In a draw, each pair of models counts as often as both were drawn together; a model that was drawn twice is not compared with itself.
    With two models there is one pair, and the interval speaks of other patients alone.

    Parameters
    ----------
    scores : sums and numbers of windows of the rows that are ordered, of one metric
    resamples : number of draws
    generator : draws the models, then the patients
    level : of the interval, 0 to 1

    Returns
    -------
    The agreement; all nan with one model.
    """
    patients, models = scores.sums.shape[2], scores.models
    if models < 2 or len(scores.sums) < 2:
        return OrderAgreement(float("nan"), float("nan"), float("nan"), len(scores.sums))
    drawn = generator.multinomial(models, np.full(models, 1 / models), size=resamples)
    weights = np.concatenate([np.ones((1, patients), dtype=np.int64), patient_weights(patients, resamples, generator)])
    means = scores.model_means(weights)
    pairs = list(combinations(range(models), 2))
    taus = np.stack([kendall(means[:, i], means[:, j]) for i, j in pairs])
    together = np.stack([drawn[:, i] * drawn[:, j] for i, j in pairs]).astype(np.float64)
    total = together.sum(axis=0)
    resampled = np.where(together > 0, together * taus[:, 1:], 0).sum(axis=0)[total > 0] / total[total > 0]
    fewest = min(models, int(scores.patients.min()))
    return OrderAgreement(float(taus[:, 0].mean()), *_bounds(resampled, fewest, level), len(scores.sums))


def _bounds(taus: Float64[np.ndarray, " _"], fewest: int, level: float) -> tuple[float, float]:
    kept = taus[~np.isnan(taus)]
    if fewest < 2 or not kept.size:
        return float("nan"), float("nan")
    tail = expanded_tail(fewest, level)
    low, high = np.quantile(kept, [tail, 1 - tail], method="inverted_cdf")
    return float(low), float(high)
