"""Ties among a map's values: where they begin and end in sorted values, and hits among the highest where the lowest of these are tied."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from jaxtyping import Int64

from ecgbench.metrics._checks import require_choice
from ecgbench.metrics._masks import Counts, FlatMaps, FlatMasks
from ecgbench.types import PerWindow

Places = Int64[np.ndarray, "n size"]


def tied_places(ordered: FlatMaps) -> tuple[Places, Places]:
    """First and last place, counted from 1, of the values that each value of sorted maps is tied with."""
    place = np.arange(1, ordered.shape[1] + 1)
    changes = ordered[:, 1:] != ordered[:, :-1]
    begins = np.pad(changes, ((0, 0), (1, 0)), constant_values=True)
    ends = np.where(np.pad(changes, ((0, 0), (0, 1)), constant_values=True), place, place[-1])
    first: Places = np.maximum.accumulate(np.where(begins, place, 0), axis=1)
    last: Places = np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]
    return first, last


def hits_at_the_top(values: FlatMaps, inside: FlatMasks, places: Counts, ties: str) -> PerWindow:
    """Number of the `places` highest values of each map that lie in the mask.

    Parameters
    ----------
    values : (n, size) maps
    inside : (n, size) bool masks
    places : (n,) how many values count as highest, 0 to size
    ties : what to do where more values are tied with the lowest of the highest than there are places left: "expected" takes the mean
        over all orders of the tied values, "first" the earlier ones (lead by lead)

    Raises
    ------
    InputError
        If `ties` is neither "expected" nor "first".
    """
    require_choice("ties", ties, TIE_RULES)
    return TIE_RULES[ties](values, inside, places)


def _at_the_border(values: FlatMaps, places: Counts) -> tuple[FlatMasks, FlatMasks, Counts]:
    """Which values exceed the lowest of the highest, which are tied with it, and how many places are left for the tied ones."""
    last_place = values.shape[1] - np.maximum(places, 1)[:, None]
    border = np.take_along_axis(np.sort(values, axis=1), last_place, axis=1)
    above = values > border
    return above, values == border, places - above.sum(axis=1)


def _expected_hits(values: FlatMaps, inside: FlatMasks, places: Counts) -> PerWindow:
    above, tied, left = _at_the_border(values, places)
    hits: PerWindow = (inside & above).sum(axis=1) + (inside & tied).sum(axis=1) * left / tied.sum(axis=1)
    return hits


def _first_hits(values: FlatMaps, inside: FlatMasks, places: Counts) -> PerWindow:
    above, tied, left = _at_the_border(values, places)
    early = tied & (np.cumsum(tied, axis=1) <= left[:, None])
    hits: PerWindow = (inside & (above | early)).sum(axis=1).astype(np.float64)
    return hits


TIE_RULES: Mapping[str, Callable[[FlatMaps, FlatMasks, Counts], PerWindow]] = MappingProxyType(
    {"expected": _expected_hits, "first": _first_hits}
)
