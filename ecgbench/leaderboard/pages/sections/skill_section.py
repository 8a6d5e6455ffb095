"""Skill of a family's scores over chance, by variant and metric."""

from __future__ import annotations

import math

from ecgbench.leaderboard.pages.tables import NOTHING, control_label, linked, table, with_interval
from ecgbench.leaderboard.statistics.analysis import Analysis, Variant
from ecgbench.leaderboard.statistics.ranking import Column, place_order


def skill_section(analysis: Analysis, family: str) -> dict[str, str] | None:
    """What the template of a family's section says of skill; None if no metric of the family has any.

    Parameters
    ----------
    analysis : of one dataset
    family : one of its families
    """
    # The order is that of the family's table, with the controls below.
    board = analysis.board
    columns = [column for column in board.columns if column.family == family and has_skill(analysis, column)]
    if not columns:
        return None
    controls: list[Variant] = [(key, "raw") for key in sorted(board.controls)]
    named = [(variant, linked(*variant, submitted=board.submitted)) for variant in place_order(board.places[family])]
    named += [(variant, control_label(board, variant[0])) for variant in controls]
    rows = [[name, *(skill_text(analysis, variant, column) for column in columns)] for variant, name in named]
    rows = [row for row in rows if set(row[1:]) != {NOTHING}]
    shown = table(["variant", *(_heading(column) for column in columns)], rows)
    return {"table": shown, "chance": columns[0].entry.question.chance_control}


def skill_text(analysis: Analysis, variant: Variant, column: Column) -> str:
    """Mean skill of a variant in a metric with its interval; a dash where there is none."""
    found = analysis.skill(variant, column)
    if found is None or math.isnan(found.mean) or not column.applies(variant[1]):
        return NOTHING
    return with_interval(found.mean, found.low, found.high)


def has_skill(analysis: Analysis, column: Column) -> bool:
    """Whether a metric's scores have skill."""
    return column.name in analysis.skilled


def _heading(column: Column) -> str:
    """Name of a metric; its skill is better where it is higher, whichever way the metric points."""
    return f"[{column.entry.key.replace('_', ' ')}](metrics/{column.entry.key}.md)&nbsp;↑"
