"""A family's table on a dataset's page as the site draws it: an interval in each cell, for all windows or those of one class."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ecgbench.leaderboard.pages.glance.words import exactly
from ecgbench.leaderboard.pages.tables import arrow, gained, number, rank_range
from ecgbench.leaderboard.site.drawn.interval import interval_picture
from ecgbench.leaderboard.statistics.analysis import Analysis, Variant
from ecgbench.leaderboard.statistics.patients.patient_places import chosen_variants
from ecgbench.leaderboard.statistics.ranking import Column, family_name, place_order
from ecgbench.leaderboard.statistics.scores.summary import Summary


def family_views(analyses: Mapping[str, Analysis], family: str) -> dict[str, Any] | None:
    """What the template `family.html.j2` asks for; None for a family that only describes maps.

    Parameters
    ----------
    analyses : of one board, by the name of the class, empty for all classes
    family : one of its families
    """
    shown = [view for name, one in analyses.items() if (view := _view(one, family, name)) is not None]
    return {"name": family_name(family), "views": shown} if shown and shown[0]["class"] == "" else None


def _view(analysis: Analysis, family: str, class_name: str) -> dict[str, Any] | None:
    board = analysis.board
    columns = [column for column in board.columns if column.family == family and not column.entry.aside]
    counted = [column for column in columns if column.ranked] or columns
    rows = _rows(analysis, family, counted)
    if not counted or not rows:
        return None
    ordered, letters = board.orders(family), analysis.groups(family)
    lines = {column.name: _line(analysis, column, rows) for column in counted}
    return {
        "class": class_name,
        "ordered": ordered,
        "columns": [_heading(analysis, column, rows) for column in counted],
        "rows": [
            {
                "rank": rank_range(analysis, family, variant),
                "method": variant[0],
                "abs": variant[1] == "abs",
                "group": letters.get(variant, ""),
                "cells": [_cell(analysis, variant, column, lines[column.name]) for column in counted],
            }
            for variant in rows
        ],
    }


def _rows(analysis: Analysis, family: str, columns: Sequence[Column]) -> list[Variant]:
    """Each ranked method by its better variant, in the order of the place; without an order by the maps that the question is about."""
    board = analysis.board
    if board.orders(family):
        stands = set(chosen_variants(board.places[family]))
        return [variant for variant in place_order(board.places[family]) if variant in stands]
    variant = columns[0].entry.question.variant if columns else "raw"
    own = variant if all(column.applies(variant) for column in columns) else "raw"
    return [(method, own) for method in sorted(board.files) if method not in board.unranked]


def _line(analysis: Analysis, column: Column, rows: Sequence[Variant]) -> tuple[tuple[float, float], float]:
    """Ends of a column's line, the better one on the right, and where its best control lies."""
    control = analysis.best_control(column)
    found = [cell for variant in rows if (cell := analysis.summary(variant, column)) is not None and column.applies(variant[1])]
    values = [value for cell in found for value in (cell.mean, cell.low, cell.high)] + ([control[1]] if control else [])
    known = [value for value in values if not math.isnan(value)] or [0.0, 1.0]
    low, high = min(known), max(known)
    ends = (low, high if high > low else low + 1)
    return ends if column.entry.higher_is_better else ends[::-1], control[1] if control else math.nan


def _heading(analysis: Analysis, column: Column, rows: Sequence[Variant]) -> dict[str, str]:
    """Name of a metric, its best control, and how many windows have no score where that is so of every method."""
    control = analysis.best_control(column)
    lacking = {cell.undefined for variant in rows if (cell := analysis.summary(variant, column)) is not None}
    windows = {cell.windows for variant in rows if (cell := analysis.summary(variant, column)) is not None}
    same = len(lacking) == 1 and len(windows) == 1 and lacking != {0}
    return {
        "key": column.entry.key,
        "name": f"{column.entry.key.replace('_', ' ')} {arrow(column)}",
        "control": f"best control: {control[0]} {number(control[1], 2)}" if control else "",
        "undefined": f"{lacking.pop()} of {windows.pop()} windows undefined" if same else "",
    }


def _cell(analysis: Analysis, variant: Variant, column: Column, line: tuple[tuple[float, float], float]) -> dict[str, Any] | None:
    cell = analysis.summary(variant, column)
    if cell is None or math.isnan(cell.mean) or not column.applies(variant[1]):
        return None
    filled = variant[0] not in analysis.board.blind and not analysis.beaten(variant, column)
    return {
        "picture": interval_picture(cell.mean, cell.low, cell.high, line[0], filled, line[1]),
        "value": number(cell.mean, 2),
        "sort": cell.mean,
        "exact": _exact(analysis, variant, column, cell),
        "filled": filled,
    }


def _exact(analysis: Analysis, variant: Variant, column: Column, cell: Summary) -> str:
    """What a pointer shows: mean and interval, spread over models, gain, balanced mean where it differs, windows without a score."""
    gain = gained(analysis.gain(variant, column)).replace("&nbsp;", " ")
    said = [exactly(cell.mean, cell.low, cell.high)]
    said += [] if math.isnan(cell.spread) else [f"standard deviation over models {number(cell.spread)}"]
    said += [f"gain {gain}"] if gain else []
    said += [f"balanced {number(cell.balanced)}"] if number(cell.balanced) != number(cell.mean) else []
    said += [f"{cell.undefined} of {cell.windows} windows undefined"] if cell.undefined else []
    return "; ".join(said)
