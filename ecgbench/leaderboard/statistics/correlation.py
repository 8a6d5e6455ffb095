"""Rank correlations of many pairs of orders at once."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from ecgbench.leaderboard.statistics.ranking import AGREEING


def kendall(first: Float64[np.ndarray, "variants draws"], second: Float64[np.ndarray, "variants draws"]) -> Float64[np.ndarray, " draws"]:
    """Kendall's tau-b of each column: concordant less discordant pairs, over the root of the pairs that either does not tie."""
    i, j = np.triu_indices(len(first), 1)
    a, b = (np.sign(np.round(values[i] - values[j], AGREEING)) for values in (first, second))
    return _ratio((a * b).sum(axis=0), (a**2).sum(axis=0) * (b**2).sum(axis=0))


def spearman(first: Float64[np.ndarray, "variants draws"], second: Float64[np.ndarray, "variants draws"]) -> Float64[np.ndarray, " draws"]:
    """Spearman's correlation of each column; ties share the average rank."""
    return of_ranks(centred_ranks(first), centred_ranks(second))


def centred_ranks(values: Float64[np.ndarray, "variants draws"]) -> Float64[np.ndarray, "variants draws"]:
    """Ranks in each column less their mean; ties share the average rank. A column with a nan is nan."""
    from scipy.stats import rankdata

    ranks: np.ndarray = rankdata(np.round(values, AGREEING), axis=0) - (len(values) + 1) / 2
    return ranks


def of_ranks(first: Float64[np.ndarray, "variants draws"], second: Float64[np.ndarray, "variants draws"]) -> Float64[np.ndarray, " draws"]:
    """Spearman's correlation of each column, of `centred_ranks`: those of one order serve every other that it is compared with."""
    return _ratio((first * second).sum(axis=0), (first**2).sum(axis=0) * (second**2).sum(axis=0))


def _ratio(shared: np.ndarray, product: np.ndarray) -> np.ndarray:
    return np.where(product > 0, shared / np.sqrt(np.where(product > 0, product, 1)), np.nan)
