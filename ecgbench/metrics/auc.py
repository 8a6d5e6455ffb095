"""AUC: how well the map separates samples in the mask from samples outside it."""

from __future__ import annotations

import numpy as np

from ecgbench.metrics._masks import flat_pair, partial_area_chance, ratio
from ecgbench.metrics._quantus import localisation_oracle
from ecgbench.metrics._registry import METRICS
from ecgbench.metrics._ties import tied_places
from ecgbench.types import Attributions, Masks, PerWindow


def even_chance(mask: Masks) -> PerWindow:
    """One half; nan for an empty and for a full mask."""
    return np.where(np.isnan(partial_area_chance(mask)), np.nan, 0.5)


@METRICS.register(
    family="localisation",
    higher_is_better=True,
    bounds=(0.0, 1.0),
    needs=("mask",),
    atol=1e-6,
    version=1,
    reference="doi:10.1016/j.patrec.2005.10.010",
    chance=even_chance,
    oracle=localisation_oracle("AUC"),
)
def auc(attributions: Attributions, mask: Masks) -> PerWindow:
    """Area under the ROC curve of the map against the mask, ties counting half; undefined for an empty or full mask.

    Parameters
    ----------
    attributions : (n, leads, time)
    mask : (n, leads, time) bool
    """
    values, inside = flat_pair(attributions, mask)
    order = np.argsort(values, axis=1)
    first, last = tied_places(np.take_along_axis(values, order, axis=1))
    ranks = (first + last) / 2
    within = inside.sum(axis=1)
    rank_sum = np.where(np.take_along_axis(inside, order, axis=1), ranks, 0.0).sum(axis=1)
    return ratio(rank_sum - within * (within + 1) / 2, within * (inside.shape[1] - within))
