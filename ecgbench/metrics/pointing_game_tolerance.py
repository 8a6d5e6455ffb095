"""Pointing game with a tolerance: does the highest attribution lie in the mask or near it."""

from __future__ import annotations

import numpy as np

from ecgbench.metrics._checks import require_within
from ecgbench.metrics._masks import area_chance, flat_pair
from ecgbench.metrics._registry import METRICS
from ecgbench.types import Attributions, Masks, PerWindow

TOLERANCE = 0.05
"""Seconds: an R peak is annotated to about as much, and the units of a class activation map are as coarse."""


def near(mask: Masks, fs: float, tolerance: float) -> Masks:
    """The masks with all samples that are at most `tolerance` seconds from one of theirs in the same lead."""
    from scipy.ndimage import maximum_filter1d

    reach = round(tolerance * fs)
    widened: Masks = maximum_filter1d(mask, 2 * reach + 1, axis=2, mode="constant", cval=0)
    return widened


def near_chance(mask: Masks, fs: float) -> PerWindow:
    """Share of the window within the default tolerance of its mask; nan for an empty mask."""
    return area_chance(near(mask, fs, TOLERANCE))


@METRICS.register(
    family="localisation",
    higher_is_better=True,
    bounds=(0.0, 1.0),
    needs=("mask", "fs"),
    atol=1e-6,
    version=1,
    reference="doi:10.1007/s11263-017-1059-x",
    ranked=False,
    aside="one sample of a map decides it, so that orders by it differ from one model to the next",
    chance=near_chance,
)
def pointing_game_tolerance(attributions: Attributions, mask: Masks, fs: float, tolerance: float = TOLERANCE) -> PerWindow:
    """Share of the tied maxima that lies in the mask or within a tolerance of it; undefined for an empty mask.

    The pointing game of Zhang et al. 2018 has a tolerance (15 pixels there); `pointing_game` has none.

    Parameters
    ----------
    attributions : (n, leads, time)
    mask : (n, leads, time) bool
    fs : Hz
    tolerance : s, along time and within a lead

    Raises
    ------
    InputError
        If `tolerance` is negative.
    """
    require_within("tolerance", tolerance, 0.0)
    values, inside = flat_pair(attributions, mask)
    hit = near(mask, fs, tolerance).reshape(values.shape)
    maxima = values == values.max(axis=1, keepdims=True)
    scores: PerWindow = (maxima & hit).sum(axis=1) / maxima.sum(axis=1)
    return np.where(inside.any(axis=1), scores, np.nan)
