"""What a run computed, as tables for the terminal: variants by metrics, means over seeds."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ecgbench.pipeline.compute.map_sources import is_ranked
from ecgbench.pipeline.grid.address import RAW, SPANS, Address, split_metric, variant_name

Means = Mapping[Address, float]
"""Mean score of each computed cell, nan where it is undefined in all windows."""

Row = tuple[str, str]
"""Source and variant."""


def score_tables(means: Means) -> list[str]:
    """A table for each dataset, architecture, family of metrics and kind of mask.

    A row is a variant, a column a metric with its direction (+ higher, - lower is better); `*` marks the best of the ranked methods.
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

    rows = list(dict.fromkeys((cell.source, cell.variant) for cell in means))
    values = {(row, metric): _mean(means, row, metric) for row in rows for metric in metrics}
    best = {metric: _best(metric, [values[row, metric] for row in rows if _counts(row, metric)]) for metric in metrics}
    body = []
    for row in rows:
        shown = [_shown(values[row, metric], _counts(row, metric) and values[row, metric] == best[metric]) for metric in metrics]
        body.append([variant_name(*row), *shown])
    headings = [title, *(_heading(metric) for metric in metrics)]
    return str(tabulate(body, headings, disable_numparse=True, colalign=["left", *["right"] * len(metrics)]))


def _counts(row: Row, metric: str) -> bool:
    """Whether a variant is ranked by a metric."""
    source, variant = row
    return is_ranked(source) and (variant == RAW or not split_metric(metric)[0].signed_only)


def _mean(means: Means, row: Row, metric: str) -> float:
    found = [value for cell, value in means.items() if (cell.source, cell.variant) == row and cell.metric == metric]
    return float(np.mean(found)) if found else float("nan")


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
