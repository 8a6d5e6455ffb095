"""Further maps of a window beside its map: measures of one pair each, and their summary over the pairs of a window."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float64

from ecgbench.errors import InputError
from ecgbench.metrics._checks import flat_maps
from ecgbench.metrics._correlation import Values, constant_rows, row_correlations
from ecgbench.needs import FurtherMaps
from ecgbench.types import Attributions, PerWindow

Measure = Callable[[Values, Values], PerWindow]
"""From maps (m, values) and as many further maps to a number of each pair, nan where it is undefined."""

Pairs = Float64[np.ndarray, "n further"]

ASIDE = "it is a check that any map should pass, and no control knows its answer"
"""Why the metrics of further maps do not count for a place."""


def of_pairs(attributions: Attributions, further: FurtherMaps, measure: Measure) -> Pairs:
    """A measure of each window's map with each of its further maps; nan where there is no such map, or the measure is undefined.

    Raises
    ------
    InputError
        If the further maps are of another shape, or some values of one are not finite.
    """
    values = flat_maps(attributions)
    if further.ndim != 4 or (further.shape[0], *further.shape[2:]) != attributions.shape:
        n, leads, time = attributions.shape
        raise InputError(f"expected further maps ({n}, any number, {leads}, {time}), got {further.shape}; give them for the same windows.")
    others = further.reshape(*further.shape[:2], values.shape[1]).astype(np.float64)
    there = np.isfinite(others)
    window, place = np.nonzero(there.all(axis=2))
    if there.any(axis=2).sum() != len(window):
        raise InputError("expected further maps that are finite, or nan throughout, got some with both; correct or leave out these maps.")
    found = np.full(further.shape[:2], np.nan)
    found[window, place] = measure(values[window], others[window, place])
    return found


def correlations(maps: Values, others: Values) -> PerWindow:
    """Pearson's correlation of each pair; nan where either map is constant."""
    undefined = constant_rows(maps) | constant_rows(others)
    return np.where(undefined, np.nan, row_correlations(maps, others))


def mean(pairs: Pairs) -> PerWindow:
    """Mean over the pairs where the measure is defined; nan if there are none."""
    defined = ~np.isnan(pairs)
    total, count = np.where(defined, pairs, 0).sum(axis=1), defined.sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def median(pairs: Pairs) -> PerWindow:
    """Median over the pairs where the measure is defined; nan if there are none."""
    return _each(pairs, np.median)


def maximum(pairs: Pairs) -> PerWindow:
    """Largest of the pairs where the measure is defined; nan if there are none."""
    return _each(pairs, np.max)


def _each(pairs: Pairs, summary: Callable[[Float64[np.ndarray, " pairs"]], np.floating]) -> PerWindow:
    found = np.full(len(pairs), np.nan)
    for i, row in enumerate(pairs):
        defined = row[~np.isnan(row)]
        if defined.size:
            found[i] = summary(defined)
    return found
