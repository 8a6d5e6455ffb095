"""The picture that says what attribution is: one ECG with the maps of four methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgbench.leaderboard.figures.one_ecg import one_ecg_figure
from ecgbench.leaderboard.pages.glance.rows import View
from ecgbench.leaderboard.pages.glance.same_window import SameWindow, same_window

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PATH = "figures/one_ecg.svg"
"""Below the pages' folder."""

SHOWN = 4
"""Methods."""


def one_ecg(view: View) -> Figure | None:
    """One window under the first methods of the overview's table that have its map, and the last; None where fewer than four have.

    Parameters
    ----------
    view : of the overview's table
    """
    window, methods = _window(view), pictured(view)
    if window is None or not methods:
        return None
    title = f"{window.said}: four answers to why the network says so"
    return one_ecg_figure(window.signal, window.mask, window.fs, {method: window.maps[method] for method in methods}, title)


def pictured(view: View) -> list[str]:
    """Methods whose maps are in the picture; empty where there is none."""
    window = _window(view)
    methods = [] if window is None else [row.method for row in view.rows if row.method in window.maps]
    return [*methods[: SHOWN - 1], methods[-1]] if len(methods) >= SHOWN else []


def _window(view: View) -> SameWindow | None:
    return same_window(view.board, [row.method for row in view.rows])
