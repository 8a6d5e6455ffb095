"""The report as one HTML file that needs no other: style, figures and pictures stand in it."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgbench._version import __version__
from ecgbench.leaderboard.figures.canvas import as_png, render_figure
from ecgbench.leaderboard.figures.paper.layout import is_standard
from ecgbench.leaderboard.figures.paper.sheet import DEVIATIONS
from ecgbench.leaderboard.figures.style import BLUE
from ecgbench.leaderboard.pages.tables import NOTHING, arrow, number
from ecgbench.leaderboard.site.explorer.page import STYLE, asset, explorer_markup, inlined_scripts
from ecgbench.leaderboard.statistics.ranking import Column, family_title
from ecgbench.pipeline.grid.address import variant_name
from ecgbench.report._plot import plot
from ecgbench.report._verdict import ordered_families

if TYPE_CHECKING:
    from jinja2 import Environment

    from ecgbench.leaderboard.statistics.analysis import Variant
    from ecgbench.report._report import Picture, Report

MOST_LEADS = 4
"""Leads that a picture shows below each other; the twelve standard ones stand beside each other."""

SHADES = 192
"""Colours of a picture: enough for the shades of two colours on paper, and a third of the bytes of all."""

WIDTH = 92
"""Pixels of an interval that is drawn in a cell."""


def page(report: Report) -> str:
    """The whole page."""
    figure = render_figure(report.plot(), ".svg")
    pictures = [{"title": picture.title, "data": _data("image/png", _drawn(report, picture))} for picture in report.pictures]
    context = {**_context(report), "figure": _data("image/svg+xml", figure), "pictures": pictures, **_explorer(report)}
    return _environment().get_template("report.html.j2").render(context)


def _explorer(report: Report) -> dict[str, Any]:
    """The explorer, and the digests of its scripts: the page lets no other code run, wherever it may come from."""
    scripts = inlined_scripts(report.shown)
    digests = [b64encode(sha256(script.encode()).digest()).decode() for script in scripts]
    parts = {"style": asset(STYLE), "markup": explorer_markup(schemes=True), "scripts": scripts, "digests": digests}
    return {"explorer": parts}


def summary(report: Report) -> str:
    """The answer and the table, for notebooks."""
    return _environment().get_template("summary.html.j2").render(_context(report))


def _context(report: Report) -> dict[str, Any]:
    board = report.analysis.board
    counted = [column for column in board.columns if column.ranked]
    shown = counted or list(board.columns)
    return {
        "verdict": report.verdict,
        "notes": report.notes,
        "refused": report.refused,
        "families": [family_title(family) for family in ordered_families(report.analysis)],
        "metrics": [
            {"name": column.name.replace("_", " "), "arrow": arrow(column), "what": column.entry.question.question} for column in shown
        ],
        "others": [column.name.replace("_", " ") for column in board.columns if column not in shown],
        "rows": [_row(report, variant, shown) for variant in report.variants()],
        "version": __version__,
    }


def _drawn(report: Report, picture: Picture) -> bytes:
    leads = _drawn_leads(report.leads, picture)
    maps = {name: values[leads] for name, values in picture.maps.items()}
    names = [report.leads[lead] for lead in leads]
    figure = plot(picture.x[leads], maps, report.fs, names, picture.marks[leads], unit=DEVIATIONS)
    return as_png(figure, SHADES)


def _drawn_leads(names: Sequence[str], picture: Picture) -> list[int]:
    """All leads where a sheet has room for them, else those with the largest attribution by the best method."""
    if is_standard(names) or len(names) <= MOST_LEADS:
        return list(range(len(names)))
    best = next(iter(picture.maps.values()))
    return sorted(np.abs(best).sum(axis=1).argsort()[::-1][:MOST_LEADS].tolist())


def _heading(column: Column) -> dict[str, str]:
    return {"name": column.name.replace("_", " "), "arrow": arrow(column), "what": column.entry.question.question}


def _row(report: Report, variant: Variant, shown: Sequence[Column]) -> dict[str, Any]:
    row = report.row(variant)
    return {
        "name": variant_name(*variant),
        "kind": row["kind"],
        "places": [_place(report, family, variant) for family in ordered_families(report.analysis)],
        "cells": [_cell(report, variant, column) for column in shown],
        "seconds": number(row["seconds a window"], 4),
        "sum_error": number(row["sum error"], 4),
        "notes": row["notes"],
    }


def _place(report: Report, family: str, variant: Variant) -> str:
    """The place with its interval, and the letters of the groups that the variant is in."""
    place = report.analysis.place(family, variant)
    if math.isnan(place):
        return number(place)
    letters = report.analysis.groups(family).get(variant, "")
    return f"{number(place, 2)} {letters}".strip()


def _cell(report: Report, variant: Variant, column: Column) -> dict[str, Any]:
    """A mean and its interval as text, and where they lie between the lowest and the highest of the column, in pixels."""
    found = report.analysis.summary(variant, column)
    if found is None or math.isnan(found.mean) or not column.applies(variant[1]):
        return {"text": NOTHING, "at": None}
    low, high = _range(report, column)
    ends = (found.mean,) * 3 if math.isnan(found.low) else (found.mean, found.low, found.high)
    return {
        "text": number(found.mean),
        "interval": "" if math.isnan(found.low) else f"{number(found.low)} to {number(found.high)}",
        "at": [f"{WIDTH * (end - low) / ((high - low) or 1):.1f}" for end in ends],
        "faint": report.kind(variant) != "method" or report.analysis.beaten(variant, column),
    }


def _range(report: Report, column: Column) -> tuple[float, float]:
    """The lowest and the highest number that is drawn of a metric."""
    found = [cell for variant in report.variants() if (cell := report.analysis.summary(variant, column)) is not None]
    ends = [end for cell in found for end in (cell.mean, cell.low, cell.high) if not math.isnan(end)]
    return min(ends, default=0.0), max(ends, default=1.0)


def _data(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{b64encode(content).decode()}"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("ecgbench.report")
    environment = Environment(loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=True)
    environment.globals |= {"width": WIDTH, "blue": BLUE}
    return environment
