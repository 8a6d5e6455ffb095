"""What a run computed, as a table for the terminal: variants by metrics, means over seeds."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ecgbench.controls import CONTROLS
from ecgbench.methods import METHODS
from ecgbench.pipeline.grid.cells import Cell, split_metric, variant_name


def score_table(dataset: str, means: Mapping[Cell, float]) -> str:
    """The dataset's cells, a table a family and kind of mask.

    A row is a variant, a column a metric with its direction (+ higher, - lower is better); `*` marks the best of the ranked methods.

    Parameters
    ----------
    means : mean score of each computed cell, nan where it is undefined in all windows
    """
    own = {cell: value for cell, value in means.items() if cell.dataset == dataset}
    groups: dict[tuple[str, str], list[str]] = {}
    for metric in dict.fromkeys(cell.metric for cell in own):
        entry, kind = split_metric(metric)
        groups.setdefault((entry.family, kind), []).append(metric)
    return "\n\n".join(_table(dataset, own, metrics) for _, metrics in sorted(groups.items(), reverse=True))


def _table(dataset: str, own: Mapping[Cell, float], metrics: list[str]) -> str:
    from tabulate import tabulate

    rows = list(dict.fromkeys((cell.method, cell.variant) for cell in own))
    values = {(row, metric): _mean(own, row, metric) for row in rows for metric in metrics}
    ranked = [row for row in rows if row[0] not in CONTROLS and (row[0] not in METHODS or METHODS[row[0]].ranked)]
    best = {metric: _best(metric, [values[row, metric] for row in ranked]) for metric in metrics}
    body = [[variant_name(*row), *(_shown(values[row, m], row in ranked and values[row, m] == best[m]) for m in metrics)] for row in rows]
    headings = [dataset, *(_heading(metric) for metric in metrics)]
    return str(tabulate(body, headings, disable_numparse=True, colalign=["left", *["right"] * len(metrics)]))


def _mean(means: Mapping[Cell, float], row: tuple[str, str], metric: str) -> float:
    found = [value for cell, value in means.items() if (cell.method, cell.variant) == row and cell.metric == metric]
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
