"""Maps and masks flattened per window, and the share of a window that its mask covers."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int64, Shaped
from numpy.typing import NDArray

from ecgbench.metrics._checks import flat_maps, require_shape
from ecgbench.types import Masks, PerWindow

FlatMaps = Float64[np.ndarray, "n size"]
FlatMasks = Bool[np.ndarray, "n size"]
Counts = Int64[np.ndarray, " n"]


def flat_pair(attributions: NDArray[Any], mask: NDArray[Any]) -> tuple[FlatMaps, FlatMasks]:
    """Validated maps and masks, flattened to (n, leads * time).

    Raises
    ------
    InputError
        If the maps are not finite, or the masks are not of the maps' shape.
    """
    values = flat_maps(attributions)
    require_shape("mask", mask, attributions.shape)
    return values, mask.reshape(values.shape)


def area_chance(mask: Masks) -> PerWindow:
    """Share of the window that its mask covers; nan for an empty mask."""
    covered: PerWindow = mask.mean(axis=(1, 2), dtype=np.float64)
    return np.where(covered > 0, covered, np.nan)


def partial_area_chance(mask: Masks) -> PerWindow:
    """Share of the window that its mask covers; nan for an empty and for a full mask."""
    covered = area_chance(mask)
    return np.where(covered < 1, covered, np.nan)


def settle_trivial_masks(scores: PerWindow, inside: FlatMasks, full: float) -> PerWindow:
    """Scores with nan where the mask is empty and `full` where it is full: there every map would score the same."""
    settled: PerWindow = np.where(inside.all(axis=1), full, scores)
    return np.where(inside.any(axis=1), settled, np.nan)


def ratio(numerator: Shaped[np.ndarray, " n"], denominator: Shaped[np.ndarray, " n"]) -> PerWindow:
    """Quotient in float64, nan where the denominator is 0."""
    undefined = np.full(denominator.shape, np.nan)
    quotient: PerWindow = np.divide(numerator, denominator, out=undefined, where=denominator != 0)
    return quotient
