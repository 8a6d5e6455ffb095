"""The gallery: maps of a method over the ECG on standard paper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgbench.leaderboard.figures.paper.beats import letter_of, marked_beats, shares
from ecgbench.leaderboard.figures.paper.layout import STANDARD, rows_of
from ecgbench.leaderboard.figures.paper.sheet import MILLIVOLTS, Sheet
from ecgbench.leaderboard.figures.paper.stack import Strip, stacked
from ecgbench.leaderboard.statistics.board import Board
from ecgbench.results import gallery_name, sample_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_KEPT = ("window", "score", "signal", "map", "mask", "lead", "variant", "metric")
_NAMES = ("best", "median", "worst")

MICROVOLTS = 1000
"""Microvolts in a millivolt."""


def gallery_figure(board: Board, method: str) -> Figure | None:
    """The kept windows of a method; None if none are kept."""
    arrays, seed = board.samples[method], board.seeds[0]
    if board.dataset is None or any(gallery_name(what, seed) not in arrays for what in _KEPT):
        return None
    kept = {what: arrays[gallery_name(what, seed)] for what in _KEPT}
    return stacked([_strip(board, arrays, kept, row) for row in range(len(kept["window"]))])


def _strip(board: Board, arrays: Mapping[str, np.ndarray], kept: Mapping[str, np.ndarray], row: int) -> Strip:
    """A window with its map, under its rank among the method's windows and its place in its record."""
    assert board.dataset is not None
    fs, index = board.dataset.numbers(board.identity.edition or None).fs, kept["window"][row]
    record, start, target = (arrays[sample_name(what, board.seeds[0])][index] for what in ("record", "start", "target"))
    signal, marks = kept["signal"][row][None] / MICROVOLTS, kept["mask"][row][None]
    name, metric = board.class_name(int(target)), str(kept["metric"]).replace("_", " ")
    rows = rows_of(signal, [_lead_name(board.dataset.protocol.leads, int(kept["lead"][row]))])
    sheet = Sheet(signal, fs, MILLIVOLTS, rows, marks, marked_beats(marks, letter_of(name)))
    span = f"{time_of_day(start / fs)} to {time_of_day((start + signal.shape[1]) / fs)}"
    heading = f"{_NAMES[row]}: {name}, record {record}, {span}"
    values = kept["map"][row][None].astype(np.float64)
    inside = np.nansum(shares(values, sheet.beats))
    held = f"{100 * inside:.0f}% in the bars, " if marks.any() else ""
    return Strip(sheet, values, heading, f"{held}{metric} {kept['score'][row]:.2f}")


def _lead_name(leads: int, lead: int) -> str:
    if leads == 1:
        return ""
    return STANDARD[lead] if leads == len(STANDARD) else f"lead {lead + 1}"


def time_of_day(seconds: Any) -> str:
    """Seconds since a record's start as minutes and seconds, with hours from the first one on: "6:48", "1:02:03"."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
