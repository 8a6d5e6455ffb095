"""Relevance rank accuracy: of as many highest attributions as the mask has values, how many lie in it."""

from __future__ import annotations

import numpy as np

from ecgbench.metrics._masks import flat_pair, partial_area_chance, ratio, settle_trivial_masks
from ecgbench.metrics._quantus import localisation_oracle
from ecgbench.metrics._registry import METRICS
from ecgbench.metrics._ties import hits_at_the_top
from ecgbench.types import Attributions, Masks, PerWindow


@METRICS.register(
    family="localisation",
    higher_is_better=True,
    bounds=(0.0, 1.0),
    needs=("mask",),
    atol=1e-6,
    version=1,
    reference="doi:10.1016/j.inffus.2021.11.008",
    study={"ties": "first", "full_mask": 1.0},
    chance=partial_area_chance,
    oracle=localisation_oracle("RelevanceRankAccuracy"),
)
def relevance_rank_accuracy(attributions: Attributions, mask: Masks, ties: str = "expected", full_mask: float = np.nan) -> PerWindow:
    """Share of the S highest attributions that lies in the mask of S values; undefined for an empty or full mask.

    Parameters
    ----------
    attributions : (n, leads, time)
    mask : (n, leads, time) bool
    ties : "expected", or "first" to take the earlier of tied values. The study's sort is not stable, so which of them it takes depends on
        the machine; "first" is what that sort does with a constant map
    full_mask : score of a window whose mask is full

    Raises
    ------
    InputError
        If `ties` is neither "expected" nor "first".
    """
    values, inside = flat_pair(attributions, mask)
    within = inside.sum(axis=1)
    hits = hits_at_the_top(values, inside, within, ties)
    return settle_trivial_masks(ratio(hits, within), inside, full_mask)
