"""Health of a method's maps: signs that a method is broken before any metric is computed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ecgbench.types import Attributions, PerWindow

FLAT_LIMIT = 0.5
"""Share of constant maps above which a method is held to be broken."""


def map_health(maps: Attributions, logits: PerWindow, neutral: PerWindow, complete: bool) -> dict[str, float]:
    """Measures of a method's maps.

    Parameters
    ----------
    maps : (n, leads, time), signed
    logits, neutral : (n,) explained logit of each window, and of a flat line
    complete : whether maps should sum to the difference of the two

    Returns
    -------
    zeros : share of values that are exactly zero
    flat : share of maps that are constant
    completeness_error : of complete methods, the median of abs(sum - difference) / max(abs(difference), 1)
    """
    flat = maps.reshape(len(maps), -1)
    health = {"zeros": float((flat == 0).mean()), "flat": float((np.ptp(flat, axis=1) == 0).mean())}
    if complete:
        difference = logits - neutral
        error = np.abs(flat.sum(axis=1, dtype=np.float64) - difference) / np.maximum(np.abs(difference), 1)
        health["completeness_error"] = float(np.median(error))
    return health


def illness(health: Mapping[str, float]) -> str:
    """What is wrong with a method's maps, or an empty text."""
    if health["flat"] > FLAT_LIMIT:
        return f"expected at most {FLAT_LIMIT:.0%} constant maps, got {health['flat']:.0%}"
    return ""
