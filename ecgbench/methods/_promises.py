"""What a user is told of maps that are not what their method promises."""

from __future__ import annotations

import warnings

import numpy as np
from jaxtyping import Bool, Float

from ecgbench.errors import InputError, MapWarning
from ecgbench.methods._registry import Explanation, MethodEntry

MASS = 0.001
"""Share of a map's absolute values that its sum may be off by, whatever the total: a map whose parts nearly cancel says no less for it."""

HALF = 0.5
"""Share of the total that most maps of a call must not be off by: beyond, they are no maps of the network."""

ROUNDING = 1000.0
"""Rounding errors that a sum may be off by, of the precision of the maps and the size of a logit."""


def tell_of_broken_promises(entry: MethodEntry, found: Explanation) -> None:
    """Warn of maps that are zero everywhere, and of those that don't sum to the change of the logit that they share out.

    Parameters
    ----------
    entry : the method, which declares how far sums may be off
    found : its maps, and their totals where it has any, as arrays

    Raises
    ------
    InputError
        If most maps are off by more than half of their total.
    """
    n, how = len(found.maps), entry.advice
    zero = ~found.maps.reshape(n, -1).any(axis=1)
    if zero.any():
        remedy = how.get("zero", "the logit does not depend on these windows in a way that the method sees")
        _warn(f"expected maps of {entry.key} with values other than zero, got {zero.sum()} of {n} that are zero everywhere; {remedy}.")
    if found.total is None or entry.sum_within is None:
        return
    missed = _off_by(found, entry.sum_within, MASS)
    if not missed.any():
        return
    sums = found.maps.reshape(n, -1).sum(axis=1, dtype=np.float64)
    worst = int(np.abs(sums - found.total).argmax())
    text = (
        f"expected maps of {entry.key} that sum to the change of the logit within {entry.sum_within:.0%}, got {missed.sum()} of {n} that "
        f"don't, window {worst} {sums[worst]:.3g} for {found.total[worst]:.3g}; {how.get('sum', 'choose another method')}."
    )
    if _off_by(found, HALF, 0).mean() > HALF and not entry.stochastic:  # few draws may miss a sum that more would not
        raise InputError(text)
    _warn(text)


def _off_by(found: Explanation, share: float, of_mass: float) -> Bool[np.ndarray, " n"]:
    """Which maps' sums are further from their totals than a share of these, a share of the map's absolute values, and rounding."""
    flat: Float[np.ndarray, "n values"] = found.maps.reshape(len(found.maps), -1)
    rounding = max(ROUNDING * np.finfo(flat.dtype).eps, 1e-9) * max(1.0, float(np.abs(found.total).max()))
    off = np.abs(flat.sum(axis=1, dtype=np.float64) - found.total)
    return np.asarray(off > share * np.abs(found.total) + of_mass * np.abs(flat).sum(axis=1, dtype=np.float64) + rounding)


def _warn(text: str) -> None:
    warnings.warn(text, MapWarning, stacklevel=4)
