"""The page of one metric: description, scores of all variants on each dataset and in each class, agreement with other metrics."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ecgbench.leaderboard.pages.facts.class_patients import class_heading, few_patients
from ecgbench.leaderboard.pages.facts.entry_facts import cited, description, options_table
from ecgbench.leaderboard.pages.oracles import metric_checks, why_shown
from ecgbench.leaderboard.pages.sections.skill_section import has_skill, skill_text
from ecgbench.leaderboard.pages.tables import (
    CONTROL_MARK,
    NOTHING,
    arrow,
    chance_levels,
    control_label,
    gained,
    linked,
    number,
    rank_range,
    table,
    with_interval,
)
from ecgbench.leaderboard.pages.template import generated, render_page
from ecgbench.leaderboard.statistics.analysis import Analysis, Variant
from ecgbench.leaderboard.statistics.controls.oracles import OracleCheck
from ecgbench.leaderboard.statistics.orders.agreement import Agreement
from ecgbench.leaderboard.statistics.ranking import AGREEING, Column, family_name
from ecgbench.metrics import MetricEntry


def metric_page(
    entry: MetricEntry, analyses: Sequence[Analysis], agreements: Mapping[str, Agreement], checks: Sequence[OracleCheck] = ()
) -> str:
    """The page of one metric, as markdown.

    Parameters
    ----------
    entry : what the metric declares
    analyses : of all boards that have cells of it
    agreements : by board, how far its metrics agree
    checks : whether metrics prefer their oracle controls, on all simulated datasets
    """
    shown = [column for analysis in analyses for column in analysis.board.columns if column.entry is entry]
    context = {
        "generated": generated("scores/"),
        "name": entry.key.replace("_", " "),
        "entry": _entry(entry),
        "why_shown": next((why_shown(column, checks) for column in shown), ""),
        "checks": metric_checks(checks, entry.key),
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
        "family": family_name(entry.family),
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
    header, classes = _header(analysis, column), analysis.windows.classes
    variants = [variant for variant in board.places.index if analysis.summary(variant, column) is not None]
    rows = [_row(analysis, column, variant, classes) for variant in _sorted(analysis, column, variants)]
    if (chance := chance_levels(board).get(column.name)) is not None:
        rows.append([NOTHING, "*chance*", number(chance), *[NOTHING] * (len(header) - 3)])
    controls: list[Variant] = [(key, "raw") for key in board.controls if analysis.summary((key, "raw"), column) is not None]
    rows += [_row(analysis, column, variant, classes) for variant in _sorted(analysis, column, controls)]
    return {
        "name": board.name,
        "mask": "" if column.name == column.entry.key else column.kind,
        "table": table(header, rows, numbers_from=2),
        "few": few_patients(analysis),
        "alike": _alike(column, agreement),
    }


def _header(analysis: Analysis, column: Column) -> list[str]:
    classes = [class_heading(analysis, class_) for class_ in analysis.windows.classes]
    skill = ["skill"] if has_skill(analysis, column) else []
    return ["#", "variant", f"mean&nbsp;{arrow(column)}", *skill, "gain", "balanced", *classes, "undefined"]


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
    each = [_of_class(analysis, class_, found) for class_ in classes]
    skill = [skill_text(analysis, variant, column)] if has_skill(analysis, column) else []
    beside = [gained(analysis.gain(variant, column)) or NOTHING, number(cell.balanced)]
    text = [mean, *skill, *beside, *each, f"{cell.undefined} of {cell.windows}"]
    return [rank, name, *(text if column.applies(variant[1]) else [f"<sub>[{one}]</sub>" for one in text])]


def _of_class(analysis: Analysis, class_: int, found: Mapping[int, tuple[float, int, int]]) -> str:
    """Mean of a class, and of how many windows; small and in brackets where these are of too few patients."""
    if class_ not in found:
        return NOTHING
    text = f"{number(found[class_][0])}<br><sub>of&nbsp;{found[class_][1]}</sub>"
    return f"<sub>[{text}]</sub>" if analysis.windows.few(class_) else text


def _alike(column: Column, agreement: Agreement) -> list[str]:
    """Spearman's correlation with the other metrics, the most alike first."""
    if column.name not in agreement.value.columns:
        return []
    others = agreement.value[column.name].drop(column.name).dropna().sort_values(ascending=False, kind="stable")
    return [f"{str(name).replace('_', ' ')} {number(value, 2)}" for name, value in others.items()]
