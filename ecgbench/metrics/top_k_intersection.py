"""Top-k intersection: how many of the k highest attributions lie in the mask."""

from __future__ import annotations

import math

import numpy as np

from ecgbench.metrics._checks import require_choice, require_within
from ecgbench.metrics._masks import flat_pair, partial_area_chance, ratio, settle_trivial_masks
from ecgbench.metrics._quantus import localisation_oracle
from ecgbench.metrics._registry import METRICS
from ecgbench.metrics._ties import hits_at_the_top
from ecgbench.types import Attributions, Masks, PerWindow

SHARE = 0.05


def top_k_chance(mask: Masks) -> PerWindow:
    """Expected score k S / (T min(k, S)) with the default k; nan for an empty and for a full mask."""
    size = math.prod(mask.shape[1:])
    k = _places(size, None, SHARE)
    chance: PerWindow = partial_area_chance(mask) * k / np.clip(mask.sum(axis=(1, 2)), 1, k)
    return chance


@METRICS.register(
    family="localisation",
    higher_is_better=True,
    bounds=(0.0, 1.0),
    needs=("mask",),
    atol=1e-6,
    version=1,
    reference="arXiv:2104.14995",
    study={"k": 1000, "denominator": "k", "ties": "first", "full_mask": 1.0},
    ranked=False,
    aside="it asks what relevance rank accuracy asks, of fewer values",
    chance=top_k_chance,
    oracle=localisation_oracle("TopKIntersection"),
    differs="ours takes 5 % of the values and divides by what a perfect map can reach; Quantus takes and divides by 1000",
)
def top_k_intersection(
    attributions: Attributions,
    mask: Masks,
    k: int | None = None,
    share: float = SHARE,
    denominator: str = "reachable",
    ties: str = "expected",
    full_mask: float = np.nan,
) -> PerWindow:
    """Share of the k highest attributions that lies in the mask of S values; undefined for an empty or full mask.

    Parameters
    ----------
    attributions : (n, leads, time)
    mask : (n, leads, time) bool
    k : number of highest attributions, at most the number of values in a window; None for `share` of these values, rounded up
    share : share of a window's values that counts as highest, where `k` is None
    denominator : "reachable" divides by min(k, S), so that a perfect map scores 1; "k" by k
    ties : "expected", or "first" to take the earlier of tied values
    full_mask : score of a window whose mask is full

    Raises
    ------
    InputError
        If an option is not among its choices or outside its range.
    """
    require_choice("denominator", denominator, ("k", "reachable"))
    values, inside = flat_pair(attributions, mask)
    k = _places(values.shape[1], k, share)
    places = np.full(len(values), k)
    hits = hits_at_the_top(values, inside, places, ties)
    scores = ratio(hits, np.minimum(places, inside.sum(axis=1)) if denominator == "reachable" else places)
    return settle_trivial_masks(scores, inside, full_mask)


def _places(size: int, k: int | None, share: float) -> int:
    require_within("share", share, 0.0, 1.0)
    if k is None:
        # 0.07 * 100 is a little above 7, which must not become 8.
        k = max(1, math.ceil(share * size - 1e-9))
    require_within("k", k, 1, size)
    return k
