"""The health of a run's maps as a table for the terminal: methods by measures, means over seeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgbench.pipeline.grid.address import MapsAddress
from ecgbench.results import health_rows, sketch

if TYPE_CHECKING:
    from ecgbench.pipeline.compute.run import Run


def health_record(run: Run, of: MapsAddress) -> dict[str, Any]:
    """What a table of health is made of, as plain data that can go from process to process."""
    return {"maps": asdict(of), "measures": run.health(of), "sketch": sketch(run.maps(of).values).tolist()}


def health_tables(found: Iterable[Mapping[str, Any]]) -> list[str]:
    """A table for each dataset and architecture, its methods a row each; a near-duplicate is one among them.

    Parameters
    ----------
    found : a `health_record` of each source and seed
    """
    groups: dict[tuple[str, str], list[tuple[MapsAddress, Mapping[str, Any]]]] = {}
    for record in found:
        of = MapsAddress(**record["maps"])
        groups.setdefault((of.dataset, of.model), []).append((of, record))
    return [_table(dataset, model, records) for (dataset, model), records in groups.items()]


def _table(dataset: str, model: str, records: Iterable[tuple[MapsAddress, Mapping[str, Any]]]) -> str:
    from tabulate import tabulate

    measured: dict[str, dict[str, Any]] = {}
    sketches: dict[str, dict[str, Any]] = {}
    for of, record in records:
        measured.setdefault(of.source, {})[str(of.seed)] = record["measures"]
        sketches.setdefault(of.source, {})[str(of.seed)] = np.array(record["sketch"], dtype=np.float32)
    (_, *headings), rows = health_rows(measured, sketches, str)
    broken = [heading.replace(" ", "\n") for heading in headings]
    first = f"{dataset}\n{model}\nhealth"
    return str(tabulate(rows, [first, *broken], disable_numparse=True, colalign=["left", *["right"] * len(broken)]))
