"""Randomisation: does the map depend on what the model has learned."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from ecgbench.metrics._checks import flat_maps, require_shape
from ecgbench.metrics._correlation import Values, constant_rows, row_correlations
from ecgbench.metrics._further import ASIDE, mean, of_pairs
from ecgbench.metrics._registry import METRICS
from ecgbench.metrics._situations import RANDOMISED
from ecgbench.needs import FurtherMaps
from ecgbench.types import Attributions, PerWindow, Rows

NOTHING_LEFT = 1e-9
"""Share of a map's ranks that the signal's size must leave unexplained for the rest to be compared; less is rounding."""


@METRICS.register(
    family="sanity",
    higher_is_better=True,
    bounds=(0.0, 1.0),
    needs=("x", "further"),
    atol=1e-3,
    version=1,
    reference="arXiv:1810.03292",
    situation=RANDOMISED,
    by_default=False,
    ranked=False,
    aside=ASIDE,
)
def randomisation(attributions: Attributions, x: Rows, further: FurtherMaps) -> PerWindow:
    """One minus the absolute rank correlation of the map's size with that by a model of re-drawn weights, given the signal's size.

    Model parameter randomisation test (Adebayo et al. 2018): a map that shows what was learned is another one without it. All weights are
    re-drawn at once (He et al. 2015), batch norms are calibrated on training windows, and the score is the mean over 3 such models. What
    both maps owe to the size of the signal is taken out, since maps with the signal as a factor resemble each other by it alone. A map
    with the same order in both has 0, also where it is the order of the signal's size. Of the first 16 windows, since dear methods are
    asked three times for each; undefined for the others, and for constant maps.

    Parameters
    ----------
    attributions, x : (n, leads, time)
    further : maps by the models with re-drawn weights
    """
    require_shape("x", x, attributions.shape)
    size = _ranks(flat_maps(x))
    window = np.broadcast_to(np.arange(len(x))[:, None], further.shape[:2])
    there = np.isfinite(further).all(axis=(2, 3))
    return 1 - mean(of_pairs(attributions, further, lambda maps, others: _similarity(maps, others, size[window[there]])))


def _similarity(maps: Values, others: Values, size: Values) -> PerWindow:
    """Absolute partial correlation of the ranks; 1 where the orders are the same, nan where one has nothing beside the signal's size."""
    first, second = _ranks(maps), _ranks(others)
    same = (first == second).all(axis=1)
    undefined = constant_rows(first) | constant_rows(second)
    both, of_first, of_second = (row_correlations(a, b) for a, b in ((first, second), (first, size), (second, size)))
    left = (1 - of_first**2) * (1 - of_second**2)
    nothing = np.minimum(1 - of_first**2, 1 - of_second**2) < NOTHING_LEFT
    partial = (both - of_first * of_second) / np.sqrt(np.where(nothing, 1, left))
    similarity = np.where(same, 1.0, np.where(nothing, np.nan, np.clip(np.abs(partial), 0, 1)))
    return np.where(undefined, np.nan, similarity)


def _ranks(values: Values) -> Values:
    """Ranks of each row's absolute values; ties share the average."""
    ranks: Values = rankdata(np.abs(values), axis=1).astype(np.float64) if len(values) else values
    return ranks
