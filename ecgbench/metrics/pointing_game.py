"""Pointing game: does the highest attribution lie in the mask."""

from __future__ import annotations

import numpy as np

from ecgbench.metrics._checks import require_choice
from ecgbench.metrics._masks import area_chance, flat_pair
from ecgbench.metrics._quantus import localisation_oracle
from ecgbench.metrics._registry import METRICS
from ecgbench.types import Attributions, Masks, PerWindow


@METRICS.register(
    family="localisation",
    higher_is_better=True,
    bounds=(0.0, 1.0),
    needs=("mask",),
    atol=1e-6,
    version=1,
    reference="doi:10.1007/s11263-017-1059-x",
    study={"ties": "any", "empty_mask": 1.0},
    ranked=False,
    aside="one sample of a map decides it, so that orders by it differ from one model to the next",
    chance=area_chance,
    oracle=localisation_oracle("PointingGame"),
)
def pointing_game(attributions: Attributions, mask: Masks, ties: str = "share", empty_mask: float = np.nan) -> PerWindow:
    """Share of the tied maxima that lies in the mask, 0 or 1 where the maximum is unique; undefined for an empty mask.

    Parameters
    ----------
    attributions : (n, leads, time)
    mask : (n, leads, time) bool
    ties : "share", or "any" to score 1 if any of the tied maxima lies in the mask
    empty_mask : score of a window whose mask is empty

    Raises
    ------
    InputError
        If `ties` is neither "share" nor "any".
    """
    require_choice("ties", ties, ("share", "any"))
    values, inside = flat_pair(attributions, mask)
    maxima = values == values.max(axis=1, keepdims=True)
    hits = (maxima & inside).sum(axis=1)
    scores: PerWindow = hits / maxima.sum(axis=1) if ties == "share" else (hits > 0).astype(np.float64)
    return np.where(inside.any(axis=1), scores, empty_mask)
