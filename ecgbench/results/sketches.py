"""Sketches of maps: so few numbers that they are kept with accepted results, and enough to find methods that give the same maps."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import combinations

import numpy as np
from jaxtyping import Float32, Float64

from ecgbench.protocol import NEAR_DUPLICATE, SKETCH_SEED, SKETCH_SIZE
from ecgbench.types import Attributions, PerWindow

Sketch = Float32[np.ndarray, "_ _"]


def unit_maps(maps: Attributions) -> Float64[np.ndarray, "n values"]:
    """Each map centred and scaled to norm 1, (n, leads * time); zeros for one that is constant or not finite."""
    flat = maps.reshape(len(maps), -1).astype(np.float64)
    flat = np.where(np.isfinite(flat).all(axis=1, keepdims=True), flat, 0)
    spread = np.ptp(flat, axis=1, keepdims=True)
    # Scaled before it is squared, so that maps of tiny values have a norm; asked for its range, since rounding can leave a mean behind.
    scaled = (flat - flat.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1)
    units: np.ndarray = scaled / np.where(spread > 0, np.linalg.norm(scaled, axis=1, keepdims=True), np.inf)
    return units


def map_correlation(maps: Attributions, others: Attributions) -> PerWindow:
    """Pearson correlation of each map with its counterpart, (n,); nan where it is undefined because one of the two is constant."""
    first, second = unit_maps(maps), unit_maps(others)
    defined = first.any(axis=1) & second.any(axis=1)
    return np.where(defined, (first * second).sum(axis=1), np.nan)


def sketch(maps: Attributions) -> Sketch:
    """Random projection (n, 16) of the maps, centred and scaled to norm 1; it keeps the expected squared distance of any two maps."""
    units = unit_maps(maps)
    projected: Sketch = (units @ _directions(units.shape[1])).astype(np.float32)
    return projected


@cache
def _directions(values: int) -> Float64[np.ndarray, "values size"]:
    """The same for all maps of a shape, whoever computes them, since sketches are compared that were accepted at different times."""
    directions: np.ndarray = np.random.default_rng(SKETCH_SEED).standard_normal((values, SKETCH_SIZE)) / np.sqrt(SKETCH_SIZE)
    return directions


def sketched_correlation(first: Sketch, second: Sketch) -> float:
    """Estimate of the mean correlation of two methods' maps of the same windows: 1 - mean(|a - b|^2) / 2.

    A constant map correlates by 1 with a constant one and by 1/2 with any other.
    """
    distance = ((first.astype(np.float64) - second.astype(np.float64)) ** 2).sum(axis=1)
    return float(1 - distance.mean() / 2)


def near_duplicates(sketches: Mapping[str, Mapping[str, Sketch]]) -> dict[str, list[str]]:
    """Methods whose maps are nearly those of another one, each with the others' names.

    Parameters
    ----------
    sketches : by method and seed; two methods are near-duplicates if their maps correlate by more than `NEAR_DUPLICATE` on every seed
        that both have
    """
    found: dict[str, list[str]] = {}
    for first, second in combinations(sorted(sketches), 2):
        if _nearly_equal(sketches[first], sketches[second]):
            found.setdefault(first, []).append(second)
            found.setdefault(second, []).append(first)
    return found


def _nearly_equal(first: Mapping[str, Sketch], second: Mapping[str, Sketch]) -> bool:
    common = [seed for seed in first if seed in second and first[seed].shape == second[seed].shape]
    return bool(common) and all(sketched_correlation(first[seed], second[seed]) > NEAR_DUPLICATE for seed in common)
