"""What a run computed, as tables for the terminal: variants by metrics, means over seeds."""

from __future__ import annotations

import numpy as np

from ecgbench.pipeline.acceptance.tables.places import Means, counts, in_order, over_seeds, places, rows_of
from ecgbench.pipeline.grid.address import SPANS, Address, split_metric, variant_name


def score_tables(means: Means) -> list[str]:
    """A table for each dataset, architecture, family of metrics and kind of mask.

    Rows are variants in the order of their places (see `places`), those that are not ranked last. Columns are metrics, each with its
    direction (+ higher, - lower is better); `*` marks the best of the ranked methods.
    """
    groups: dict[tuple[str, str], dict[Address, float]] = {}
    for cell, mean in means.items():
        groups.setdefault((cell.dataset, cell.model), {})[cell] = mean
    return [_table(f"{dataset}\n{model}", own, metrics) for (dataset, model), own in groups.items() for metrics in _metric_groups(own)]


def _metric_groups(means: Means) -> list[list[str]]:
    """The metrics of the cells, those of one family and kind of mask together, families in their order."""
    groups: dict[tuple[int, str, str], list[str]] = {}
    for metric in dict.fromkeys(cell.metric for cell in means):
        entry, kind = split_metric(metric)
        groups.setdefault((entry.question.order, entry.family, kind), []).append(metric)
    return [groups[group] for group in sorted(groups, key=lambda group: (*group[:2], group[2] != SPANS))]


def _table(title: str, means: Means, metrics: list[str]) -> str:
    from tabulate import tabulate

    held = over_seeds(means)
    rows = in_order(rows_of(held), places(held, metrics))
    values = {(row, metric): held.get((row, metric), float("nan")) for row in rows for metric in metrics}
    counted = {(row, metric): counts(row, split_metric(metric)[0]) for row, metric in values}
    best = {metric: _best(metric, [values[row, metric] for row in rows if counted[row, metric]]) for metric in metrics}
    body = []
    for row in rows:
        shown = [_shown(values[row, metric], counted[row, metric] and values[row, metric] == best[metric]) for metric in metrics]
        body.append([variant_name(*row), *shown])
    headings = [title, *(_heading(metric) for metric in metrics)]
    return str(tabulate(body, headings, disable_numparse=True, colalign=["left", *["right"] * len(metrics)]))


def _best(metric: str, values: list[float]) -> float:
    defined = [value for value in values if not np.isnan(value)]
    if not defined:
        return float("nan")
    return max(defined) if split_metric(metric)[0].higher_is_better else min(defined)


def _shown(value: float, best: bool) -> str:
    return "-" if np.isnan(value) else f"{value:.3f}{'*' if best else ' '}"


def _heading(metric: str) -> str:
    direction = "+" if split_metric(metric)[0].higher_is_better else "-"
    return "\n".join([*metric.split("_"), direction])
