"""Drawn parts of all pages. What stands in a page between `<!-- drawn:NAME -->` and `<!-- /drawn -->` is shown where they are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt
from markupsafe import Markup

from ecgbench.leaderboard.pages.glance.answers import cards
from ecgbench.leaderboard.pages.glance.rows import View, views
from ecgbench.leaderboard.pages.glance.table import thumbnails
from ecgbench.leaderboard.site.drawn.overview import glance_view
from ecgbench.leaderboard.statistics.analysis import Analysis

if TYPE_CHECKING:
    from jinja2 import Environment

Parts = Mapping[str, Mapping[str, str]]


def drawn_parts(analyses: Sequence[Analysis]) -> tuple[Parts, dict[str, bytes]]:
    """HTML of the drawn parts by page and name, and the pictures that they show by their paths below the pages' folder.

    Parameters
    ----------
    analyses : of all boards
    """
    default = [analysis for analysis in analyses if analysis.board.default and analysis.board.compared]
    found = _views(analyses)
    overview = {"answers": _render("answers.html.j2", {"cards": cards(default)})} if default else {}
    if found:
        overview["methods"] = _render("methods.html.j2", {"views": [glance_view(view) for view in found]})
    pictures = {path: text.encode() for view in found if not view.class_name for path, text in thumbnails(view).items()}
    return {"README.md": overview}, pictures


def _views(analyses: Sequence[Analysis]) -> list[View]:
    """Views of all boards that are compared with each other, the one that answers the most first."""
    boards = [list(views(analysis)) for analysis in analyses if analysis.board.compared]
    known = [board for board in boards if board]
    return [view for board in sorted(known, key=lambda board: board[0].answers, reverse=True) for view in board]


def _render(template: str, context: Mapping[str, Any]) -> str:
    return _environment().get_template(template).render(context)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("ecgbench.leaderboard.site.drawn")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    markdown = MarkdownIt("commonmark", {"html": False})
    environment.filters["md"] = lambda text: Markup(markdown.renderInline(text))  # noqa: S704  (raw HTML is text here)
    return environment
