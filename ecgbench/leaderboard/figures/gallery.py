"""The gallery: maps of a method over the ECG on standard paper."""

from __future__ import annotations

import numpy as np

from ecgbench.leaderboard.figures.drawing import Drawing
from ecgbench.leaderboard.figures.kept_windows import KeptWindow, kept_windows
from ecgbench.leaderboard.figures.paper.beats import shares
from ecgbench.leaderboard.figures.paper.layout import rows_of
from ecgbench.leaderboard.figures.paper.sheet import MILLIVOLTS, Sheet
from ecgbench.leaderboard.figures.paper.stack import Strip, stacked
from ecgbench.leaderboard.statistics.board import Board

MOST_CLASSES = 4
"""Classes whose probability is said: the most probable ones, and the one that is explained."""


def gallery_figure(board: Board, method: str) -> Drawing | None:
    """The kept windows of a method; None if none are kept."""
    windows = kept_windows(board, method)
    return Drawing(stacked, ([_strip(board, window) for window in windows],)) if windows else None


def sheet_of(window: KeptWindow) -> Sheet:
    """The paper with a window's ECG."""
    return Sheet(window.signal, window.fs, MILLIVOLTS, rows_of(window.signal, window.leads), window.marks, window.beats)


def title_of(board: Board, window: KeptWindow) -> str:
    """Class, record and time in the record."""
    span = f"{time_of_day(window.start / window.fs)} to {time_of_day((window.start + window.signal.shape[1]) / window.fs)}"
    return f"{board.class_name(window.target)}, record {window.record}, {span}"


def probabilities(board: Board, window: KeptWindow) -> str:
    """What the model says of a window, the explained class among it; empty where it was not kept."""
    if window.probability is None:
        return ""
    likely = np.argsort(-window.probability, kind="stable")[:MOST_CLASSES].tolist()
    listed = sorted({*likely, window.target})
    return "model: " + ", ".join(f"{board.class_name(class_)} {100 * window.probability[class_]:.0f}%" for class_ in listed)


def _strip(board: Board, window: KeptWindow) -> Strip:
    title = title_of(board, window)
    score = "undefined" if np.isnan(window.score) else f"{window.score:.2f}"
    said = [probabilities(board, window), _held(window), f"{window.metric.replace('_', ' ')} {score}"]
    return Strip(sheet_of(window), window.values, f"{window.rank}: {title}" if window.rank else title, "; ".join(filter(None, said)))


def _held(window: KeptWindow) -> str:
    """Which share of what speaks for the class lies in the beats that carry the label."""
    labelled = [beat for beat in window.beats if beat.labelled]
    return f"{100 * np.nansum(shares(window.values, labelled)):.0f}% in the bars" if labelled else ""


def time_of_day(seconds: float) -> str:
    """Seconds since a record's start as minutes and seconds, with hours from the first one on: "6:48", "1:02:03"."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
