"""The window of which the most methods have a kept map, so that their maps can stand side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from ecgbench.leaderboard.figures.kept_windows import KeptWindow, kept_windows
from ecgbench.leaderboard.statistics.board import Board

Place = tuple[int, tuple[str, ...]]
"""A window among the explained ones, and the leads of it that are kept."""


class SameWindow(NamedTuple):
    """One explained window and the methods' maps of it, in one lead.

    Attributes
    ----------
    said : its class and where it lies: "SVEB, record 849"
    signal : (time,), mV
    maps : by method, (time,)
    """

    said: str
    signal: Float[np.ndarray, " time"]
    maps: Mapping[str, Float[np.ndarray, " time"]]


def same_window(board: Board, methods: Sequence[str], first: int = 0) -> SameWindow | None:
    """The window that the most of the methods have in their galleries; None where none has one.

    Parameters
    ----------
    board : whose accepted results hold the galleries
    methods : of which the window is wanted; of two windows that as many have, it is the one that stands higher in their galleries,
        which begin with a method's best window
    first : how many of the methods come before the others: as many of these as can be have the window
    """
    kept = {method: kept_windows(board, method) for method in methods if method in board.samples}
    shown = [(_place(window), row, method) for method, windows in kept.items() for row, window in enumerate(windows)]
    if not shown:
        return None
    count = Counter(place for place, _, _ in shown)
    before = Counter(place for place, _, method in shown if method in methods[:first])
    below = {place: sum(row for one, row, _ in shown if one == place) for place in count}
    chosen = max(count, key=lambda place: (before[place], count[place], -below[place], place))
    return _in_one_lead(board, {method: one for method, windows in kept.items() for one in windows if _place(one) == chosen})


def _place(window: KeptWindow) -> Place:
    return window.index, window.leads


def _in_one_lead(board: Board, maps: Mapping[str, KeptWindow]) -> SameWindow:
    """The maps in the lead that holds the largest value of the first one."""
    window = next(iter(maps.values()))
    lead = int(np.abs(window.values).max(axis=1).argmax())
    said = f"{board.class_name(window.target)}, record {window.record}"
    return SameWindow(said, window.signal[lead], {method: one.values[lead] for method, one in maps.items()})
