"""The overview's table as the site draws it: a view for each dataset, architecture and class."""

from __future__ import annotations

import math
from typing import Any

from ecgbench.leaderboard.pages.facts.provenance import these_models
from ecgbench.leaderboard.pages.glance.rows import Estimate, Row, View
from ecgbench.leaderboard.pages.glance.same_window import SameWindow
from ecgbench.leaderboard.pages.glance.table import PLACES, rests_ends, thumbnail_path, window_of
from ecgbench.leaderboard.pages.glance.words import duration, exactly
from ecgbench.leaderboard.pages.tables import number
from ecgbench.leaderboard.site.drawn.interval import interval_picture

Line = tuple[tuple[float, float], float]
"""Ends of a line of values, and the value of the best control on it, nan where there is none."""


def glance_view(view: View) -> dict[str, Any]:
    """What the template `methods.html.j2` asks for of one view.

    Parameters
    ----------
    view : of a board, of all classes or of one
    """
    board, window = view.board, None if view.class_name else window_of(view)
    control = None if view.anchor is None else view.analysis.best_control(view.anchor)
    rests = (rests_ends(view), math.nan if control is None else control[1])
    anchor = "" if view.anchor is None else view.anchor.entry.key
    return {
        "board": board.name,
        "dataset": board.identity.folder,
        "title": board.title,
        "model": board.identity.model,
        "class": view.class_name,
        "models": these_models(board),
        "windows": window.said if window else "",
        "anchor": anchor,
        "anchor_control": f"{control[0]} {number(control[1])}" if control else "",
        "rows": [_row(view, row, window, rests) for row in view.rows],
    }


def _row(view: View, row: Row, window: SameWindow | None, rests: Line) -> dict[str, Any]:
    """One method: its map, its two estimates and its time."""
    anchor = "" if view.anchor is None else view.anchor.entry.key
    return {
        "method": row.method,
        "picture": thumbnail_path(view.board, row.method) if window and row.method in window.maps else "",
        "looks": _cell(row.looks, "place", (PLACES, math.nan)),
        "rests": _cell(row.rests, anchor.replace("_", " "), rests) if anchor else None,
        "seconds": -1 if math.isnan(row.seconds) else row.seconds,
        "time": duration(row.seconds).replace("&nbsp;", "\N{NO-BREAK SPACE}"),
    }


def _cell(found: Estimate | None, what: str, line: Line) -> dict[str, Any] | None:
    """One estimate: its picture, what a pointer shows, its groups, and in how many metrics every control is beaten."""
    if found is None:
        return None
    (ends, control), beaten = line, found.beaten
    maps = "absolute" if found.variant == "abs" else "signed"
    exact = f"{what} {exactly(found.value, found.low, found.high)}, {maps} maps"
    return {
        "picture": interval_picture(found.value, found.low, found.high, ends, beaten.everywhere, control),
        "value": number(found.value, 2),
        "sort": found.value,
        "exact": f"{exact}; better than every control in {beaten.metrics} of {beaten.of} metrics",
        "abs": found.variant == "abs",
        "group": found.group,
        "best": found.best,
        "beaten": beaten,
        "level": "all" if beaten.everywhere else "none" if not beaten.metrics else "some",
    }
