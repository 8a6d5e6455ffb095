"""What a user is told of maps that are not what their method promises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float64

from ecgbench.errors import InputError
from ecgbench.methods._registry import Explanation, MethodEntry

MASS = 0.001
"""Share of a map's absolute values that its sum may be off by, whatever the total: a map whose parts nearly cancel says no less for it."""

HALF = 0.5
"""Share of the total that most maps of a call must not be off by: beyond, they are no maps of the network."""

ROUNDING = 1000.0
"""Rounding errors that a sum may be off by, of the precision of the maps and the size of a logit."""

ErrorByWindow = Float64[np.ndarray, " n"]


@dataclass(frozen=True)
class MapInfo:
    """What is known of maps beside their values, by window; `ecgbench.explain(..., return_info=True)` returns it with them.

    Attributes
    ----------
    total : (n,) what each map must sum to, in logits; None if the method promises no sum
    sum_error : (n,) abs(sum - total) / abs(total), 0 where both are rounding errors; None if there is no total
    zero : (n,) bool, whether a map is zero everywhere
    measures : (n,) by name, the method's own measures of its maps, such as the share of directions that KernelSHAP's masks leave open
    passes : forward and backward passes a window, as the method declares them for these options; a forward pass alone counts as 0.4
    options : the method's options, defaults included, such as `steps`
    warnings : what a user is warned of, a sentence each
    """

    total: Float[np.ndarray, " n"] | None
    sum_error: ErrorByWindow | None
    zero: Bool[np.ndarray, " n"]
    measures: Mapping[str, Any] = field(default_factory=dict)
    passes: float = 0.0
    options: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def map_info(entry: MethodEntry, found: Explanation, options: Mapping[str, Any]) -> MapInfo:
    """What is known of a method's maps, with what a user must be told.

    Parameters
    ----------
    entry : the method, which declares how far sums may be off
    found : its maps, and their totals where it has any, as arrays
    options : with which they were made, defaults included

    Raises
    ------
    InputError
        If most maps are off by more than half of their total.
    """
    flat = found.maps.reshape(len(found.maps), -1)
    zero = ~flat.any(axis=1)
    told = [*_told_of_zeros(entry, zero, options), *_told_of_sums(entry, found, options)]
    errors = None if found.total is None else sum_errors(found.maps, found.total, _rounding(found))
    passes = entry.passes_of(found.maps.shape[2], options)
    return MapInfo(found.total, errors, zero, found.measures, passes, options, tuple(told))


def sum_errors(maps: Float[np.ndarray, "n leads time"], total: Float[np.ndarray, " n"], least: float = 1.0) -> ErrorByWindow:
    """How far maps are from summing to their totals: abs(sum - total) / max(abs(total), least).

    What judges a user's maps takes the total itself for its scale, with rounding as the least. The health of accepted results takes at
    least one logit: its models' totals are several logits, and a map of a smaller one must not decide whether a method is well.
    """
    errors: ErrorByWindow = _off(maps, total) / np.maximum(np.abs(total, dtype=np.float64), least)
    return errors


def _told_of_zeros(entry: MethodEntry, zero: Bool[np.ndarray, " n"], options: Mapping[str, Any]) -> list[str]:
    if not zero.any():
        return []
    remedy = _advice(entry, "zero", "the logit does not depend on these windows in a way that the method sees", options)
    got = f"{zero.sum()} of {len(zero)} that are zero everywhere"
    return [f"expected maps of {entry.key} with values other than zero, got {got}; {remedy}."]


def _told_of_sums(entry: MethodEntry, found: Explanation, options: Mapping[str, Any]) -> list[str]:
    if found.total is None or entry.sum_within is None:
        return []
    missed = _missed(found, entry.sum_within, MASS)
    if not missed.any():
        return []
    sums = found.maps.sum(axis=(1, 2), dtype=np.float64)
    worst = int(np.where(missed, _off(found.maps, found.total), -1).argmax())
    text = (
        f"expected maps of {entry.key} that sum to the change of the logit within {entry.sum_within:.0%}, got {missed.sum()} of "
        f"{len(missed)} that don't, window {worst} {sums[worst]:.3g} for {found.total[worst]:.3g}; "
        f"{_advice(entry, 'sum', 'choose another method', options)}."
    )
    # Only of those that are told of: a map whose parts nearly cancel doesn't count against the maps beside it. Few draws may miss a sum.
    if (missed & _missed(found, HALF, 0)).mean() > HALF and not entry.stochastic:
        raise InputError(text)
    return [text]


def _advice(entry: MethodEntry, about: str, otherwise: str, options: Mapping[str, Any]) -> str:
    """The entry's remedy, with the values of options in the place of their names in braces."""
    text = entry.advice.get(about, otherwise)
    for name, value in options.items():
        text = text.replace(f"{{{name}}}", f"{value}")
    return text


def _missed(found: Explanation, share: float, of_mass: float) -> Bool[np.ndarray, " n"]:
    """Which maps' sums are further from their totals than a share of these, a share of the map's absolute values, and rounding."""
    mass = np.abs(found.maps).sum(axis=(1, 2), dtype=np.float64)
    return np.asarray(_off(found.maps, found.total) > share * np.abs(found.total) + of_mass * mass + _rounding(found))


def _off(maps: Float[np.ndarray, "n leads time"], total: Float[np.ndarray, " n"]) -> ErrorByWindow:
    off: ErrorByWindow = np.abs(maps.reshape(len(maps), -1).sum(axis=1, dtype=np.float64) - total)
    return off


def _rounding(found: Explanation) -> float:
    """What a sum may be off by where nothing is wrong, in logits."""
    return max(ROUNDING * float(np.finfo(found.maps.dtype).eps), 1e-9) * max(1.0, float(np.abs(found.total).max()))
