"""The excerpt of a leaderboard in the project's README."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ecgbench.errors import ResultsError
from ecgbench.leaderboard.figures.teaser import teaser
from ecgbench.leaderboard.pages.facts.provenance import these_models
from ecgbench.leaderboard.pages.glance.answers import cards
from ecgbench.leaderboard.pages.glance.table import first_view
from ecgbench.leaderboard.pages.oracles import PATH as ORACLES
from ecgbench.leaderboard.pages.page_figures import ONE_ECG
from ecgbench.leaderboard.pages.tables import NOTHING, heading, linked, ranking, score, table, with_interval
from ecgbench.leaderboard.pages.template import generated, render_page
from ecgbench.leaderboard.statistics.analysis import Analysis
from ecgbench.leaderboard.statistics.board import Board
from ecgbench.leaderboard.statistics.ranking import Column, families, family_name

BEST, HEADLINES = 3, 4
"""Variants of each family, and metrics of all families together."""

_BLOCK = re.compile(r"(<!-- leaderboard:begin(?: (\S+))? -->\n).*?(<!-- leaderboard:end -->)", re.DOTALL)


def refresh_excerpt(text: str, analyses: Sequence[Analysis], folder: str) -> str:
    """Renew the excerpt between the markers of a README's text.

    Between `<!-- leaderboard:begin -->` and `<!-- leaderboard:end -->` stand the overview's answers with a picture; the first marker may
    name a dataset of which an excerpt stands there instead (`<!-- leaderboard:begin synthetic -->`).

    Raises
    ------
    ResultsError
        If the markers are missing or name a dataset without accepted results.
    """
    found = _BLOCK.search(text)
    if found is None:
        raise ResultsError(
            "expected the lines <!-- leaderboard:begin --> and <!-- leaderboard:end --> in the README, got neither or one; put both there."
        )
    shown = _answers(analyses, folder) if found[2] is None else ""
    block = found[1] + (shown or _of_dataset(_chosen(analyses, found[2]), folder)) + found[3]
    return text[: found.start()] + block + text[found.end() :]


def _answers(analyses: Sequence[Analysis], folder: str) -> str:
    """The overview's answers and the picture of one ECG; empty without results that are compared."""
    view = first_view(analyses)
    if view is None:
        return ""
    context = {
        "generated": generated(f"{folder}/scores"),
        "cards": cards([analysis for analysis in analyses if analysis.board.default and analysis.board.compared]),
        "picture": "" if teaser(view.board) is None else f"{folder}/{ONE_ECG}",
        "page": f"{folder}/README.md",
    }
    return render_page("readme_answers.md.j2", context)


def _of_dataset(analysis: Analysis, folder: str) -> str:
    name = analysis.board.name
    context = {
        "generated": generated(f"{folder}/scores/{analysis.board.folder}"),
        "table": excerpt(analysis, f"{folder}/methods/"),
        "best": BEST,
        "models": these_models(analysis.board),
        "title": analysis.board.title,
        "page": f"{folder}/{name}.md",
        "unordered": [family_name(family) for family in families(analysis.board.columns) if not analysis.board.orders(family)],
        "why": f"{folder}/{ORACLES}",
    }
    return render_page("readme_excerpt.md.j2", context)


def _chosen(analyses: Sequence[Analysis], name: str | None) -> Analysis:
    fit = [a for a in analyses if not a.board.is_stand_in and (a.board.name == name if name else a.board.default and not a.board.part)]
    if not fit:
        raise ResultsError(
            f"expected accepted results of {name or 'a dataset'} for the README, got {', '.join(a.board.name for a in analyses)}; "
            "name another folder behind leaderboard:begin."
        )
    return min(fit, key=lambda analysis: (analysis.board.embedded, analysis.board.name))


def excerpt(analysis: Analysis, folder: str) -> str:
    """The best variants of each family of a dataset, with their places and the first metrics that apply to every variant."""
    board = analysis.board
    ranked = {family: ranking(board.places[family]) for family in families(board.columns) if board.orders(family)}
    best = {variant for order in ranked.values() for variant, _, place in order[:BEST] if place != NOTHING}
    order = [variant for variant, _, _ in next(iter(ranked.values()), []) if variant in best]
    shown = [column for family in ranked for column in _headlines(board, family)[: HEADLINES // len(ranked)]]
    rows = []
    for variant in order:
        places = [_place(analysis, family, variant) for family in ranked]
        rows.append([linked(*variant, folder, board.submitted), *places, *(score(analysis, variant, column) for column in shown)])
    return table(["variant", *(f"{family_name(family)}: place" for family in ranked), *map(heading, shown)], rows)


def _place(analysis: Analysis, family: str, variant: tuple[str, str]) -> str:
    place = analysis.place(family, variant)
    letters = analysis.groups(family).get(variant, "")
    return with_interval(place, *analysis.interval(family, variant, "place")) + (f" {letters}" if letters else "")


def _headlines(board: Board, family: str) -> list[Column]:
    return [c for c in board.columns if c.family == family and c.ranked and not c.entry.signed_only]
