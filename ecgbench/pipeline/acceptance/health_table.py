"""The health of a run's maps as a table for the terminal: methods by measures, means over seeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgbench.results import health_rows, sketch

if TYPE_CHECKING:
    from ecgbench.pipeline.compute.run import Run


def health_record(run: Run, dataset: str, method: str, seed: int) -> dict[str, Any]:
    """What a table of health is made of, as plain data that can go from process to process."""
    maps = run.maps(dataset, seed, method).values
    return {
        "dataset": dataset,
        "method": method,
        "seed": seed,
        "measures": run.health(dataset, seed, method),
        "sketch": sketch(maps).tolist(),
    }


def health_table(dataset: str, found: Iterable[Mapping[str, Any]]) -> str:
    """The dataset's methods, a row each; a near-duplicate is one among them.

    Parameters
    ----------
    found : a `health_record` of each method and seed
    """
    from tabulate import tabulate

    measured: dict[str, dict[str, Any]] = {}
    sketches: dict[str, dict[str, Any]] = {}
    for one in found:
        if one["dataset"] == dataset:
            measured.setdefault(one["method"], {})[str(one["seed"])] = one["measures"]
            sketches.setdefault(one["method"], {})[str(one["seed"])] = np.array(one["sketch"], dtype=np.float32)
    (_, *headings), rows = health_rows(measured, sketches, str)
    broken = [heading.replace(" ", "\n") for heading in headings]
    return str(tabulate(rows, [f"{dataset}\nhealth", *broken], disable_numparse=True, colalign=["left", *["right"] * len(broken)]))
