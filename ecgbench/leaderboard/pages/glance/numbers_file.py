"""All numbers of a dataset as CSV, for who goes on with them: a row a method or control, variant and metric."""

from __future__ import annotations

import csv
import io
import math

from ecgbench.leaderboard.statistics.analysis import Analysis, Variant
from ecgbench.leaderboard.statistics.ranking import Column

FOLDER = "tables"
"""Below the pages' folder."""

HEADER = (
    "source", "variant", "metric", "counts", "mean", "sd_over_models", "low", "high", "balanced", "windows", "undefined",
    "gain", "gain_low", "gain_high", "best_control", "better_than_controls",
)  # fmt: skip


def numbers_path(board: str) -> str:
    """Path of a board's file below the pages' folder."""
    return f"{FOLDER}/{board}.csv"


def numbers_file(analysis: Analysis) -> str:
    """The file's text: means over models of means over windows, 95 % intervals over patients, gains over the best blind control.

    Parameters
    ----------
    analysis : of all explained windows
    """
    board, out = analysis.board, io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    for column in board.columns:
        for source in board.everything:
            for variant in ("raw", "abs"):
                if column.applies(variant) and (source, variant, column.name) in analysis.cells:
                    writer.writerow(
                        [source, variant, column.name, int(column.counts(variant)), *_values(analysis, (source, variant), column)]
                    )
    return out.getvalue()


def _values(analysis: Analysis, variant: Variant, column: Column) -> list[str]:
    cell, gain = analysis.cells[(*variant, column.name)], analysis.gain(variant, column)
    gained = ["", "", "", "", ""]
    if gain is not None:
        gained = [*map(_number, (gain.value, gain.low, gain.high)), gain.control, str(int(gain.shown))]
    means = map(_number, (cell.mean, cell.spread, cell.low, cell.high, cell.balanced))
    return [*means, str(cell.windows), str(cell.undefined), *gained]


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{round(value, 4) + 0.0:g}"
