"""The figures of a report."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ecgbench.leaderboard.figures.charts import Interval, Panel, interval_figure
from ecgbench.leaderboard.pages.tables import arrow, chance_levels
from ecgbench.leaderboard.statistics.analysis import Analysis, Variant
from ecgbench.leaderboard.statistics.ranking import Column
from ecgbench.pipeline.grid.address import variant_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def forest(analysis: Analysis, variants: Sequence[Variant]) -> Figure:
    """Means with their intervals, a row a variant or control, a column a metric that counts, or any where none does."""
    board = analysis.board
    counted = [column for column in board.columns if column.ranked] or list(board.columns)
    names = [f"control: {source}" if source in board.controls else variant_name(source, variant) for source, variant in variants]
    return interval_figure(names, [_panel(analysis, column, variants) for column in counted])


def _panel(analysis: Analysis, column: Column, variants: Sequence[Variant]) -> Panel:
    lines = {}
    chance = chance_levels(analysis.board).get(column.name, math.nan)
    if not math.isnan(chance):
        lines["chance"] = chance
    if (best := analysis.best_control(column)) is not None:
        lines["best control"] = best[1]
    rows = [_interval(analysis, column, variant) for variant in variants]
    return Panel(f"{column.entry.key.replace('_', ' ')}\n{column.kind if column.kind != 'spans' else ''} {arrow(column)}", rows, lines)


def _interval(analysis: Analysis, column: Column, variant: Variant) -> Interval | None:
    cell = analysis.summary(variant, column)
    if cell is None or (column.ranked and not column.counts(variant[1])):
        return None
    return Interval(cell.mean, cell.low, cell.high)
