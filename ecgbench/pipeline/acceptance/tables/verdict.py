"""The verdict of a run: a dataset's best methods, and where controls would stand among them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ecgbench.controls import CONTROLS
from ecgbench.pipeline.acceptance.tables.places import Means, Places, Row, in_order, over_seeds, places, rows_of
from ecgbench.pipeline.compute.sources.map_sources import is_ranked
from ecgbench.pipeline.grid.address import Address, split_metric, variant_name

BEST = 5
"""Variants of methods that are named."""


def verdicts(means: Means) -> list[str]:
    """A table for each dataset and architecture: its best variants, then its controls, with their places over all families and by family.

    Places run from 0 (best) to 1; a control's is the share of ranked variants that beat it. They rest on means alone; families count alike.
    """
    groups: dict[tuple[str, str], dict[Address, float]] = {}
    for cell, mean in means.items():
        groups.setdefault((cell.dataset, cell.model), {})[cell] = mean
    return [_table(f"{dataset}\n{model}\nverdict", own) for (dataset, model), own in groups.items()]


def _table(title: str, means: Means) -> str:
    from tabulate import tabulate

    values = over_seeds(means)
    by_family = {family: places(values, metrics) for family, metrics in _families(means).items()}
    rows = rows_of(values)
    overall = {row: _over(row, list(by_family.values())) for row in rows}
    ordered = in_order(rows, overall)
    methods = [row for row in ordered if is_ranked(row[0]) and not math.isnan(overall[row])]
    controls = [row for row in ordered if row[0] in CONTROLS and not math.isnan(overall[row])]
    shown = [*methods[:BEST], *controls]
    body = [[_name(row), _place(overall[row]), *(_place(found[row]) for found in by_family.values())] for row in shown]
    headings = [title, "place", *by_family]
    more = f"\nThe best {BEST} of {len(methods)} variants of methods, and controls." if len(methods) > BEST else ""
    return str(tabulate(body, headings, disable_numparse=True, colalign=["left", *["right"] * (1 + len(by_family))])) + more


def _families(means: Means) -> dict[str, list[str]]:
    """The metrics by family, families in their order: those that have ranked metrics, or all where none has."""
    metrics = list(dict.fromkeys(cell.metric for cell in means))
    ranked = [metric for metric in metrics if split_metric(metric)[0].ranked] or metrics
    families: dict[str, list[str]] = {}
    for metric in sorted(ranked, key=lambda name: split_metric(name)[0].question.order):
        families.setdefault(split_metric(metric)[0].family, []).append(metric)
    return families


def _over(row: Row, found: Sequence[Places]) -> float:
    """A variant's mean place over the families in which it has one."""
    known = [places[row] for places in found if not math.isnan(places[row])]
    return sum(known) / len(known) if known else math.nan


def _name(row: Row) -> str:
    source, variant = row
    if source not in CONTROLS:
        return variant_name(source, variant)
    return f"{source} ({'knows the answer' if CONTROLS[source].bound else 'control'})"


def _place(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.2f}"
