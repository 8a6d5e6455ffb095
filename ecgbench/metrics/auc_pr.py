"""AUC-PR: average precision of the map's ranking of the samples."""

from __future__ import annotations

import math

import numpy as np

from ecgbench.metrics._masks import flat_pair, partial_area_chance, ratio, settle_trivial_masks
from ecgbench.metrics._registry import METRICS
from ecgbench.metrics._ties import tied_places
from ecgbench.types import Attributions, Masks, OracleCase, PerWindow


def random_order_chance(mask: Masks) -> PerWindow:
    """Mean average precision over all orders of N values of which S are in the mask; nan for an empty and for a full mask.

    It is (H + (S - 1) / (N - 1) (N - H)) / N, with H the sum of 1 / i up to N: a little above the share S / N that a constant map has.
    """
    size = math.prod(mask.shape[1:])
    within = mask.sum(axis=(1, 2))
    harmonic = float((1 / np.arange(1, size + 1)).sum())
    chance: PerWindow = (harmonic + (within - 1) / max(size - 1, 1) * (size - harmonic)) / size
    return np.where(np.isnan(partial_area_chance(mask)), np.nan, chance)


def average_precision_oracle(case: OracleCase) -> PerWindow:
    """The same by scikit-learn, called per window; nan for a full mask."""
    from sklearn.metrics import average_precision_score

    pairs = zip(case.mask.reshape(len(case.mask), -1), case.attributions.reshape(len(case.mask), -1), strict=True)
    return np.array([np.nan if inside.all() else average_precision_score(inside, values) for inside, values in pairs])


@METRICS.register(
    family="localisation",
    higher_is_better=True,
    bounds=(0.0, 1.0),
    needs=("mask",),
    atol=1e-6,
    version=1,
    reference="doi:10.1145/1143844.1143874",
    ranked=False,
    aside="it asks what auc asks, and weighs the highest values more",
    chance=random_order_chance,
    oracle=average_precision_oracle,
)
def auc_pr(attributions: Attributions, mask: Masks) -> PerWindow:
    """Average precision: mean over the mask's values of the mask's share among all values as high; undefined for an empty or full mask.

    Values that are tied enter together, as one step of the curve of precision against recall, which is not interpolated: a constant map
    scores the mask's share of the window. Davis & Goadrich 2006 say why that curve tells more than the ROC where the mask is small.

    Parameters
    ----------
    attributions : (n, leads, time)
    mask : (n, leads, time) bool
    """
    values, inside = flat_pair(attributions, mask)
    order = np.argsort(-values, axis=1)
    hits = np.take_along_axis(inside, order, axis=1)
    _, last = tied_places(np.take_along_axis(values, order, axis=1))
    precision = np.take_along_axis(np.cumsum(hits, axis=1), last - 1, axis=1) / last
    scores = ratio(np.where(hits, precision, 0.0).sum(axis=1), inside.sum(axis=1))
    return settle_trivial_masks(scores, inside, np.nan)
