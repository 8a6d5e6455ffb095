"""The overview's table as markdown: one row a method, its map of one window, intervals as characters, controls beaten, time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ecgbench.leaderboard.figures.thumbnail import HEIGHT, WIDTH, thumbnail
from ecgbench.leaderboard.pages.facts.provenance import these_models
from ecgbench.leaderboard.pages.glance.rows import Estimate, Row, View, view_of_all
from ecgbench.leaderboard.pages.glance.same_window import SameWindow, same_window
from ecgbench.leaderboard.pages.glance.words import bar, duration
from ecgbench.leaderboard.pages.tables import NOTHING, heading, linked, number, table
from ecgbench.leaderboard.statistics.analysis import Analysis
from ecgbench.leaderboard.statistics.board import Board

PLACES = 1.0, 0.0
"""Ends of the line of places: the worst one, then the best one."""

FIRST = 5
"""Methods at the top of the table of which as many as can be have their map shown."""


def first_view(analyses: Sequence[Analysis]) -> View | None:
    """The view that answers the most: of real ECGs, by most methods with both answers, most models; None without results.

    Parameters
    ----------
    analyses : of all boards, of which those count that are compared with each other in their default identity
    """
    default = [analysis for analysis in analyses if analysis.board.default and analysis.board.compared]
    found = [view for analysis in default if (view := view_of_all(analysis)).rows]
    return max(found, key=lambda view: view.answers, default=None)


def glance_table(view: View) -> dict[str, str]:
    """What the overview's template asks for: the table and what it is about."""
    board, window = view.board, window_of(view)
    rests = [] if view.anchor is None else [heading(view.anchor, "metrics/"), "beats"]
    maps = [] if window is None else [f"its map of the same window ({window.said})"]
    header = ["method", *maps, "where to look: place", "beats", *rests, "time a window"]
    ends = (0.0, 1.0) if view.anchor is None else rests_ends(view)
    rows = [_cells(view, row, window, ends) for row in view.rows]
    return {
        "table": table(header, rows, numbers_from=len(header)),
        "board": board.name,
        "title": board.title,
        "models": these_models(board),
        "left_out": ", ".join(f"`{method}`" for method in sorted(set(board.files) - {row.method for row in view.rows})),
        "anchor": "" if view.anchor is None else heading(view.anchor, "metrics/"),
    }


def _cells(view: View, row: Row, window: SameWindow | None, ends: tuple[float, float]) -> list[str]:
    board = view.board
    maps = [] if window is None else [_picture(board, row.method, window.maps)]
    rests = [] if view.anchor is None else _estimate(row.rests, ends)
    named = linked(row.method, "raw", submitted=board.submitted)
    return [named, *maps, *_estimate(row.looks, PLACES), *rests, duration(row.seconds)]


def _estimate(found: Estimate | None, ends: tuple[float, float]) -> list[str]:
    """The interval as characters with its value, and in how many metrics every control is beaten."""
    if found is None:
        return [NOTHING, NOTHING]
    drawn = bar(found.value, found.low, found.high, ends, found.beaten.everywhere)
    value = f"**{number(found.value, 2)}**" if found.best else number(found.value, 2)
    marks = [value, *(["abs"] if found.variant == "abs" else []), *([found.group] if found.group else [])]
    return [f"`{drawn}` {' '.join(marks)}", f"{found.beaten.metrics}&nbsp;of&nbsp;{found.beaten.of}"]


def rests_ends(view: View) -> tuple[float, float]:
    """Ends of the line of the anchor's scores: from the lowest to the highest end of an interval, in tenths."""
    found = [row.rests for row in view.rows if row.rests is not None]
    values = [end for one in found for end in (one.value, one.low, one.high) if end == end]
    low, high = min([0.0, *values]), max(values, default=1.0)
    ends = int(low * 10 - 0.999) / 10 if low < 0 else 0.0, -int(-high * 10 - 0.999) / 10 or 1.0
    return ends if view.anchor is None or view.anchor.entry.higher_is_better else (ends[1], ends[0])


def window_of(view: View) -> SameWindow | None:
    """The window whose maps stand beside each other in a view."""
    return same_window(view.board, [row.method for row in view.rows], FIRST)


def thumbnail_path(board: Board, method: str) -> str:
    """Path of a method's map of that window below the pages' folder."""
    return f"figures/{board.name}/same_window/{method}.svg"


def thumbnails(view: View) -> dict[str, str]:
    """The small maps of a view by their paths below the pages' folder."""
    window = window_of(view)
    maps = {} if window is None else window.maps
    return {thumbnail_path(view.board, method): thumbnail(window.signal, values).decode() for method, values in maps.items() if window}


def _picture(board: Board, method: str, known: Collection[str] | Mapping[str, object]) -> str:
    if method not in known:
        return NOTHING
    return f'<img src="{thumbnail_path(board, method)}" width="{WIDTH}" height="{HEIGHT}" alt="Map of {method}">'
