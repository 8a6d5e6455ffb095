"""The page of one method: description, where it wins and fails, scores, health and examples of its maps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ecgbench.leaderboard.pages.facts.entry_facts import cited, description, options_table
from ecgbench.leaderboard.pages.facts.provenance import health_table
from ecgbench.leaderboard.pages.glance.rows import seconds_a_window
from ecgbench.leaderboard.pages.glance.words import duration
from ecgbench.leaderboard.pages.page_figures import gallery_path, has_gallery
from ecgbench.leaderboard.pages.tables import NOTHING, escaped, heading, label, rank_range, score, table, with_interval
from ecgbench.leaderboard.pages.template import generated, render_page
from ecgbench.leaderboard.statistics.analysis import Analysis, Variant
from ecgbench.leaderboard.statistics.board import Board
from ecgbench.leaderboard.statistics.declared import ANSWERS
from ecgbench.leaderboard.statistics.ranking import Column, families, family_name
from ecgbench.methods import METHODS, MethodEntry
from ecgbench.registry import Registry

QUARTER = 0.25
"""Share of the ranks that counts as winning or failing."""


def method_page(method: str, analyses: Sequence[Analysis], methods: Registry[MethodEntry] = METHODS) -> str:
    """The page of one method, as markdown.

    Parameters
    ----------
    method : its key; if it is not registered here, its maps were handed in, or it belongs to a package that is not installed
    analyses : of all boards that have results of it
    """
    compared = [analysis for analysis in analyses if analysis.board.compared]
    boards = [analysis.board for analysis in compared]
    examples = [board for board in boards if has_gallery(board, method)]
    context = {
        "generated": generated(f"scores/*/*/{method}.json"),
        "method": method,
        "submitted": _submitted(method, analyses),
        "entry": _entry(methods[method]) if method in methods else None,
        "cost": _cost(method, boards),
        "datasets": [_dataset(method, analysis) for analysis in compared],
        "health": health_table(method, boards),
        "examples": [{"dataset": board.name, "figure": gallery_path(board.name, method)} for board in examples],
    }
    return render_page("method.md.j2", context)


def _submitted(method: str, analyses: Sequence[Analysis]) -> dict[str, str] | None:
    """Who handed in the maps, and what was known of the answers; None if the maps were computed here."""
    told = [analysis.board.files[method].submission for analysis in analyses]
    handed = next((found for found in told if found), None)
    if handed is None:
        return None
    said = {name: escaped(handed[name]) if handed.get(name) else "" for name in ("authors", "description")}
    return {**said, "declared": _declared(handed), "reference": cited(handed["reference"]), "file": escaped(handed["file"][:12])}


def _declared(handed: Mapping[str, Any]) -> str:
    """What the author says was known of the answers, as a sentence; empty for results that don't hold it."""
    if not ANSWERS.keys() <= handed.keys():
        return ""
    labels = f"with{'' if handed['saw_labels'] else 'out'} knowledge of the labels or of the beat annotations"
    test_set = f"was {'' if handed['saw_test_set'] else 'not '}tuned on the test set"
    end = " It is shown and not ranked." if handed["saw_labels"] or handed["saw_test_set"] else ""
    return f"Its author says that the maps were made {labels}, and that the method {test_set}.{end}"


def _entry(entry: MethodEntry) -> dict[str, Any]:
    return {
        "description": description(entry.function),
        "reference": cited(entry.reference),
        "ranked": entry.ranked,
        "options": options_table(entry.function, dict.fromkeys(entry.of_dataset, "the dataset"), dict(entry.study)),
    }


def _cost(method: str, boards: Sequence[Board]) -> str:
    """Time a window on one board, or from the one where it is shortest to the one where it is longest."""
    timed = [(seconds, board.name) for board in boards if not math.isnan(seconds := seconds_a_window(board, method))]
    ends = sorted({min(timed), max(timed)}) if timed else []
    return " to ".join(f"{duration(seconds)} on {name}" for seconds, name in ends)


def _dataset(method: str, analysis: Analysis) -> dict[str, Any]:
    """Where each variant wins and fails, and its places and scores."""
    outcomes = []
    for variant in _variants(method, analysis):
        wins, fails = _extremes(variant, analysis)
        outcomes.append({"variant": label(*variant), "wins": ", ".join(wins) or NOTHING, "fails": ", ".join(fails) or NOTHING})
    places, scores = _places(method, analysis), _scores(method, analysis)
    return {"name": analysis.board.name, "outcomes": outcomes, "places": places, "scores": scores}


def _variants(method: str, analysis: Analysis) -> list[Variant]:
    return [variant for variant in ((method, "raw"), (method, "abs")) if variant in analysis.board.places.index]


def _extremes(variant: Variant, analysis: Analysis) -> tuple[list[str], list[str]]:
    wins, fails = [], []
    for column in _counted(analysis, variant):
        low, high = analysis.interval(column.family, variant, column.name)
        count = 0 if math.isnan(low) else analysis.count_ranked(column)
        count = count if count > 1 else 0
        name = column.name.replace("_", " ")
        if count and high <= max(QUARTER * count, 1):
            wins.append(name)
        if analysis.beaten(variant, column):
            control = analysis.best_control(column)
            fails.append(f"{name} (not better than {control[0] if control else NOTHING})")
        elif count and low > (1 - QUARTER) * count:
            fails.append(name)
    return wins, fails


def _counted(analysis: Analysis, variant: Variant) -> list[Column]:
    return [column for column in analysis.board.columns if column.ranked and column.applies(variant[1])]


def _places(method: str, analysis: Analysis) -> str:
    """Places of both variants in every family of a dataset."""
    rows = []
    for variant in _variants(method, analysis):
        for family in families(analysis.board.columns):
            place = analysis.place(family, variant)
            groups = analysis.groups(family).get(variant, "")
            between = with_interval(place, *analysis.interval(family, variant, "place"))
            rows.append([label(*variant), family_name(family), rank_range(analysis, family, variant), groups, between])
    return table(["variant", "family", "rank", "group", "place"], rows, numbers_from=4)


def _scores(method: str, analysis: Analysis) -> str:
    """Scores of both variants in every metric of a dataset."""
    variants = _variants(method, analysis)
    rows = [
        [heading(column, "../metrics/"), *(score(analysis, variant, column) for variant in variants)] for column in analysis.board.columns
    ]
    return table(["metric", *(label(*variant) for variant in variants)], rows)
