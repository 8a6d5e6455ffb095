"""Health of methods' maps as the rows of a table: what pages and terminal show of it, in one order, under one set of headings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from ecgbench.results.sketches import Sketch, near_duplicates

MEASURES: Mapping[str, str] = MappingProxyType(
    {
        "sum_error": "sum error",
        "zeros": "zeros",
        "flat": "flat",
        "nonfinite": "non-finite",
        "seed_agreement": "seed agreement",
        "class_agreement": "class agreement",
    }
)
"""Headings of what is measured of every method; a method's own measures stand behind them, under their names."""

SECONDS = "seconds_a_window"
DUPLICATES = "near duplicate of"
NOTHING = "-"

Measured = Mapping[str, Mapping[str, Mapping[str, Any]]]
Sketches = Mapping[str, Mapping[str, Sketch]]


def health_rows(measured: Measured, sketches: Sketches, called: Callable[[str], str]) -> tuple[list[str], list[list[str]]]:
    """Headings and a row for each method, by name; numbers are means over the seeds that have one.

    Parameters
    ----------
    measured : health by method and seed
    sketches : of the maps, by method and seed
    called : how a method's name is written
    """
    means = {method: _means(measured[method]) for method in sorted(measured)}
    there = {name for values in means.values() for name in values}
    own = sorted(there - {*MEASURES, SECONDS})
    shown = [name for name in [*MEASURES, *own] if name in there]
    alike, last = near_duplicates(sketches), [SECONDS] if SECONDS in there else []
    headings = ["method", *(MEASURES.get(name, name.replace("_", " ")) for name in shown), DUPLICATES, *("s / window" for _ in last)]
    rows = []
    for method, values in means.items():
        names = ", ".join(called(other) for other in alike.get(method, [])) or NOTHING
        rows.append([called(method), *(_text(values.get(name)) for name in shown), names, *(_text(values.get(name)) for name in last)])
    return headings, rows


def _means(seeds: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for values in seeds.values():
        for name, value in values.items():
            if isinstance(value, int | float):
                found.setdefault(name, []).append(float(value))
    # Sorted, since the sum of floats depends on the order in which the seeds are read.
    return {name: float(np.mean(sorted(values))) for name, values in found.items()}


def _text(value: float | None) -> str:
    if value is None:
        return NOTHING
    return f"{value:.3g}" if 0 < abs(value) < 0.01 else f"{value:.3f}"
