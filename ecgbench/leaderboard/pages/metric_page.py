"""The page of one metric: description, scores of all variants on each dataset and in each class, agreement with other metrics."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ecgbench.leaderboard.pages.entry_facts import cited, description, options_table
from ecgbench.leaderboard.pages.tables import (
    CONTROL_MARK,
    NOTHING,
    arrow,
    chance_levels,
    control_label,
    linked,
    number,
    rank_range,
    table,
    with_interval,
)
from ecgbench.leaderboard.pages.template import generated, render_page
from ecgbench.leaderboard.statistics.agreement import Agreement
from ecgbench.leaderboard.statistics.analysis import Analysis, Variant
from ecgbench.leaderboard.statistics.ranking import AGREEING, Column
from ecgbench.metrics import MetricEntry


def metric_page(entry: MetricEntry, analyses: Sequence[Analysis], agreements: Mapping[str, Agreement]) -> str:
    """The page of one metric, as markdown.

    Parameters
    ----------
    entry : what the metric declares
    analyses : of all boards that have cells of it
    agreements : by board, how far its metrics agree
    """
    context = {
        "generated": generated("scores/"),
        "name": entry.key.replace("_", " "),
        "entry": _entry(entry),
        "datasets": [
            _dataset(analysis, column, agreements[analysis.board.name])
            for analysis in analyses
            for column in analysis.board.columns
            if column.entry is entry
        ],
    }
    return render_page("metric.md.j2", context)


def _entry(entry: MetricEntry) -> dict[str, Any]:
    low, high = entry.bounds
    return {
        "description": description(entry.function),
        "family": entry.family,
        "low": f"{low:g}",
        "high": f"{high:g}",
        "higher_is_better": entry.higher_is_better,
        "ranked": entry.ranked,
        "signed_only": entry.signed_only,
        "reference": cited(entry.reference),
        "options": options_table(entry.optional, {}, dict(entry.study)),
    }


def _dataset(analysis: Analysis, column: Column, agreement: Agreement) -> dict[str, Any]:
    """Scores on one dataset and mask, and the metrics that order variants most and least alike."""
    board = analysis.board
    classes = sorted({int(class_) for target in analysis.windows.target.values() for class_ in target})
    variants = [variant for variant in board.places.index if analysis.summary(variant, column) is not None]
    rows = [_row(analysis, column, variant, classes) for variant in _sorted(analysis, column, variants)]
    if (chance := chance_levels(board).get(column.name)) is not None:
        rows.append([NOTHING, "*chance*", number(chance), NOTHING, *(NOTHING for _ in classes), NOTHING])
    controls: list[Variant] = [(key, "raw") for key in board.controls if analysis.summary((key, "raw"), column) is not None]
    rows += [_row(analysis, column, variant, classes) for variant in _sorted(analysis, column, controls)]
    header = ["#", "variant", f"mean&nbsp;{arrow(column)}", "balanced", *map(board.class_name, classes), "undefined"]
    return {
        "name": board.name,
        "mask": "" if column.name == column.entry.key else column.kind,
        "table": table(header, rows, numbers_from=2),
        "alike": _alike(column, agreement),
    }


def _sorted(analysis: Analysis, column: Column, variants: Sequence[Variant]) -> list[Variant]:
    """Variants to which the metric applies first, those with the best mean first of all."""
    sign = -1 if column.entry.higher_is_better else 1

    def key(variant: Variant) -> tuple[bool, bool, float, Variant]:
        cell = analysis.summary(variant, column)
        mean = math.nan if cell is None else cell.mean
        return not column.applies(variant[1]), math.isnan(mean), 0.0 if math.isnan(mean) else round(sign * mean, AGREEING), variant

    return sorted(variants, key=key)


def _row(analysis: Analysis, column: Column, variant: Variant, classes: Sequence[int]) -> list[str]:
    cell, board = analysis.summary(variant, column), analysis.board
    if cell is None:
        return []
    rank = rank_range(analysis, column.family, variant, column.name)
    control = variant[0] in board.controls
    name = control_label(board, variant[0]) if control else linked(*variant, "../methods/", board.submitted)
    mean = with_interval(cell.mean, cell.low, cell.high) + (CONTROL_MARK if analysis.beaten(variant, column) else "")
    found = analysis.classes(variant, column)
    each = [f"{number(found[c][0])}<br><sub>of&nbsp;{found[c][1]}</sub>" if c in found else NOTHING for c in classes]
    text = [mean, number(cell.balanced), *each, f"{cell.undefined} of {cell.windows}"]
    return [rank, name, *(text if column.applies(variant[1]) else [f"<sub>[{one}]</sub>" for one in text])]


def _alike(column: Column, agreement: Agreement) -> list[str]:
    """Spearman's correlation with the other metrics, the most alike first."""
    if column.name not in agreement.value.columns:
        return []
    others = agreement.value[column.name].drop(column.name).dropna().sort_values(ascending=False, kind="stable")
    return [f"{str(name).replace('_', ' ')} {number(value, 2)}" for name, value in others.items()]
