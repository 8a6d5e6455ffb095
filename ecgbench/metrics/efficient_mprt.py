"""Efficient MPRT: is the map more complex without what the model has learned."""

from __future__ import annotations

import numpy as np
from scipy.stats import entropy

from ecgbench.metrics._correlation import Values, constant_rows
from ecgbench.metrics._further import ASIDE, mean, of_pairs
from ecgbench.metrics._registry import METRICS
from ecgbench.metrics._situations import RANDOMISED
from ecgbench.needs import FurtherMaps
from ecgbench.types import Attributions, PerWindow

BINS = 100
"""Bins of the histogram, equally wide from a map's lowest to its highest value."""


@METRICS.register(
    family="sanity",
    higher_is_better=True,
    bounds=(-1.0, float("inf")),
    needs=("further",),
    atol=1e-3,
    version=1,
    reference="arXiv:2401.06465",
    situation=RANDOMISED,
    by_default=False,
    ranked=False,
    aside=ASIDE,
)
def efficient_mprt(attributions: Attributions, further: FurtherMaps) -> PerWindow:
    """Relative rise of the map's entropy when all weights of the model are re-drawn, the mean over 3 such models.

    (H(re-drawn) - H(map)) / H(map), with the entropy of a histogram of 100 bins (Hedström et al. 2023): it compares complexities instead of
    maps, so that no similarity of maps is needed. Of the first 16 windows, since dear methods are asked three times for each; undefined
    for the others, for constant maps and for maps that fill one bin.

    Parameters
    ----------
    attributions : (n, leads, time)
    further : maps by the models with re-drawn weights
    """
    return mean(of_pairs(attributions, further, _rise))


def _rise(maps: Values, others: Values) -> PerWindow:
    before, after = _entropies(maps), _entropies(others)
    undefined = constant_rows(maps) | constant_rows(others) | (before == 0)
    return np.where(undefined, np.nan, (after - before) / np.where(undefined, 1, before))


def _entropies(maps: Values) -> PerWindow:
    """Entropy in nats of each row's histogram; of a constant row, 0."""
    found = np.zeros(len(maps))
    for i in np.flatnonzero(~constant_rows(maps)):
        low, high = maps[i].min(), maps[i].max()
        found[i] = entropy(np.histogram((maps[i] - low) / (high - low), bins=BINS, range=(0, 1))[0])
    return found
