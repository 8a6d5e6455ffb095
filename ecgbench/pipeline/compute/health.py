"""Health of a method's maps: signs that a method is broken before any metric is computed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ecgbench.methods import MethodEntry
from ecgbench.protocol import STUDY
from ecgbench.types import Attributions

FLAT_LIMIT = 0.5
"""Share of constant maps above which a method is held to be broken."""


def map_health(maps: Attributions, said: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Measures of a method's maps.

    Parameters
    ----------
    maps : (n, leads, time), signed
    said : (n,) by name, what the method says of its maps: their `total`, and measures of its own

    Returns
    -------
    zeros : share of values that are exactly zero
    flat : share of maps that are constant
    nonfinite : share of maps with a value, or a total, that is not finite
    sum_error : where there is a total, the median of abs(sum - total) / max(abs(total), 1) over maps where both are finite
    and the means of the method's own measures; a measure that has no finite value is left out
    """
    flat = maps.reshape(len(maps), -1)
    finite = np.isfinite(flat).all(axis=1) & np.isfinite(said.get("total", 0))
    health = {
        "zeros": float((flat == 0).mean()),
        "flat": float((flat.min(axis=1) == flat.max(axis=1)).mean()),
        "nonfinite": float((~finite).mean()),
    }
    for name, values in said.items():
        if name == "total":
            if finite.any():
                health["sum_error"] = float(np.median(sum_errors(maps[finite], values[finite])))
        else:
            health |= defined_mean(name, values)
    return health


def sum_errors(maps: Attributions, total: np.ndarray) -> np.ndarray:
    """How far maps (n, leads, time) are from summing to their totals (n,): abs(sum - total) / max(abs(total), 1)."""
    sums = maps.reshape(len(maps), -1).sum(axis=1, dtype=np.float64)
    errors: np.ndarray = np.abs(sums - total) / np.maximum(np.abs(total), 1)
    return errors


def defined_mean(name: str, values: np.ndarray) -> dict[str, float]:
    """The mean of the values (n,) that are finite, under a measure's name; nothing if there are none, since JSON has no nan."""
    finite = values[np.isfinite(values)]
    return {name: float(finite.mean())} if finite.size else {}


def illness(health: Mapping[str, float], entry: MethodEntry | None, protocol: str) -> str:
    """What is wrong with a method's maps, or an empty text.

    Under the study's protocol a method promises no total where its options differ: it may be another's work. Without an entry there are
    only maps, and nobody promised anything.
    """
    within = None if entry is None or (protocol == STUDY and entry.study) else entry.sum_within
    found = []
    if health["nonfinite"] > 0:
        found.append(f"expected finite maps, got non-finite values in {health['nonfinite']:.2%} of them")
    if health["flat"] > FLAT_LIMIT:
        found.append(f"expected at most {FLAT_LIMIT:.0%} constant maps, got {health['flat']:.0%}")
    if within is not None and not health.get("sum_error", np.inf) <= within:
        got = f"an error of {health['sum_error']:.3g}" if "sum_error" in health else "no total with them"
        found.append(f"expected maps that sum to their total within {within:g}, got {got}")
    return "; ".join(found)
