"""Drawn parts of all pages. What stands in a page between `<!-- drawn:NAME -->` and `<!-- /drawn -->` is shown where they are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt
from markupsafe import Markup

from ecgbench.leaderboard.pages.glance.answers import cards, dataset_cards
from ecgbench.leaderboard.pages.glance.chips import chips
from ecgbench.leaderboard.pages.glance.rows import View, views
from ecgbench.leaderboard.pages.glance.table import thumbnails
from ecgbench.leaderboard.pages.page_figures import slug
from ecgbench.leaderboard.site.drawn.family import family_views
from ecgbench.leaderboard.site.drawn.overview import glance_view
from ecgbench.leaderboard.statistics.analysis import Analysis
from ecgbench.leaderboard.statistics.of_class import class_views
from ecgbench.leaderboard.statistics.ranking import families

if TYPE_CHECKING:
    from jinja2 import Environment

Parts = Mapping[str, Mapping[str, str]]


def drawn_parts(analyses: Sequence[Analysis]) -> tuple[Parts, dict[str, bytes]]:
    """HTML of the drawn parts by page and name, and the pictures that they show by their paths below the pages' folder.

    Parameters
    ----------
    analyses : of all boards
    """
    by_class = {analysis.board.name: class_views(analysis) for analysis in analyses}
    pages = {f"{analysis.board.name}.md": _dataset(analysis, by_class[analysis.board.name]) for analysis in analyses}
    found = _views(analyses, by_class)
    pictures = {path: text.encode() for view in found if not view.class_name for path, text in thumbnails(view).items()}
    return {"README.md": _overview(analyses, found), **pages}, pictures


def _overview(analyses: Sequence[Analysis], found: Sequence[View]) -> dict[str, str]:
    default = [analysis for analysis in analyses if analysis.board.default and analysis.board.compared]
    parts = {"answers": _render("answers.html.j2", {"cards": cards(default)})} if default else {}
    return parts | ({"methods": _render("methods.html.j2", {"views": [glance_view(view) for view in found]})} if found else {})


def _dataset(analysis: Analysis, by_class: Mapping[int, Analysis]) -> dict[str, str]:
    """Facts, answers, and the families' tables of one board."""
    shown = {"": analysis} | {analysis.board.class_name(class_): one for class_, one in by_class.items()}
    parts = {"chips": _render("chips.html.j2", {"chips": chips(analysis)})}
    if answers := dataset_cards(analysis):
        # The answers say what the list of families says, in fewer words.
        parts |= {"answers": _render("answers.html.j2", {"cards": answers}), "ahead": ""}
    for family in families(analysis.board.columns):
        if (found := family_views(shown, family)) is not None:
            parts[slug(family)] = _render("family.html.j2", {"family": found})
    return parts


def _views(analyses: Sequence[Analysis], by_class: Mapping[str, Mapping[int, Analysis]]) -> list[View]:
    """Views of all boards that are compared with each other, the one that answers the most first."""
    boards = [views(analysis, by_class[analysis.board.name]) for analysis in analyses if analysis.board.compared]
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
