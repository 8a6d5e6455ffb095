"""A page a method: what it is, where it wins and fails, its scores and the look of its maps everywhere."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ecgbench.leaderboard.pages.dataset_page import GALLERY, cited, generated, has_gallery, image
from ecgbench.leaderboard.pages.entry_facts import description, options_table
from ecgbench.leaderboard.pages.page_figures import gallery_path
from ecgbench.leaderboard.pages.provenance import health_table
from ecgbench.leaderboard.pages.tables import NOTHING, escaped, heading, label, rank_range, score, table, with_interval
from ecgbench.leaderboard.statistics.analysis import Analysis, Variant
from ecgbench.leaderboard.statistics.ranking import Column, families
from ecgbench.methods import METHODS, MethodEntry
from ecgbench.registry import Registry

QUARTER = 0.25
HOW = (
    "Wins and fails name metrics in which the 95 % interval of a variant's rank lies whole in the best or the last quarter; fails also "
    "those in which it does not beat the best control."
)
NOWHERE = "It was computed on simulated stand-ins or by the study's protocol only, whose pages are apart."


def method_page(method: str, analyses: Sequence[Analysis], methods: Registry[MethodEntry] = METHODS) -> str:
    """The page of one method, as markdown.

    Parameters
    ----------
    method : its key; if it is not registered here, its maps were handed in, or it belongs to a package that is not installed
    analyses : of all boards that have results of it
    """
    parts = [generated(f"scores/*/{method}.json"), f"# {method}", _what(method, analyses, methods), "[All methods](../README.md)."]
    compared = [analysis for analysis in analyses if analysis.board.compared]
    parts += _results(method, compared) if compared else [NOWHERE]
    return "\n\n".join(part for part in parts if part) + "\n"


def _results(method: str, analyses: Sequence[Analysis]) -> list[str]:
    parts = ["## Where it wins and fails", HOW, *(_outcome(method, analysis) for analysis in analyses)]
    parts += ["## Scores", *(_scores(method, analysis) for analysis in analyses)]
    return [*parts, "## Health", health_table(method, [analysis.board for analysis in analyses]), *_examples(method, analyses)]


def _what(method: str, analyses: Sequence[Analysis], methods: Registry[MethodEntry]) -> str:
    handed = next((found for analysis in analyses if (found := analysis.board.files[method].provenance.get("submitted"))), None)
    if handed is not None:
        authors = f" by {escaped(handed['authors'])}" if handed.get("authors") else ""
        described = f" {escaped(handed['description'])}" if handed.get("description") else ""
        file = escaped(handed["file"][:12])
        return (
            f"**Recomputed from handed-in maps**{authors} ({cited(handed['reference'])}), file <code>{file}</code>.{described} "
            "The scores were computed here, from the maps; the maps were not."
        )
    if method not in methods:
        return "Registered by a package that is not installed here."
    entry = methods[method]
    source = f"Source: {cited(entry.reference)}. {'' if entry.ranked else 'Shown for comparison and not ranked. '}"
    dataset = dict.fromkeys(entry.of_dataset, "the dataset")
    options = options_table(entry.function, dataset, dict(entry.study))
    return "\n\n".join(part for part in [description(entry.function), source.strip(), options] if part)


def _outcome(method: str, analysis: Analysis) -> str:
    """A line for each variant of a dataset."""
    lines = []
    for variant in _variants(method, analysis):
        wins, fails = _extremes(variant, analysis)
        said = f"wins: {', '.join(wins) or NOTHING}; fails: {', '.join(fails) or NOTHING}"
        lines.append(f"- [{analysis.board.name}](../{analysis.board.name}.md), {label(*variant)}: {said}")
    return "\n".join(lines)


def _variants(method: str, analysis: Analysis) -> list[Variant]:
    return [variant for variant in ((method, "raw"), (method, "abs")) if variant in analysis.board.places.index]


def _extremes(variant: Variant, analysis: Analysis) -> tuple[list[str], list[str]]:
    wins, fails = [], []
    for column in _counted(analysis, variant):
        low, high = analysis.interval(column.family, variant, column.name)
        ranks = analysis.ranks.get(column.family)
        count = 0 if ranks is None or math.isnan(low) else int(ranks[column.name, "low"].notna().sum())
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
    return [column for column in analysis.board.columns if column.entry.ranked and column.applies(variant[1])]


def _scores(method: str, analysis: Analysis) -> str:
    """Places and scores of both variants on one dataset."""
    board, rows = analysis.board, []
    for variant in _variants(method, analysis):
        for family in families(board.columns):
            place = analysis.place(family, variant)
            groups = analysis.groups(family).get(variant, "")
            between = with_interval(place, *analysis.interval(family, variant, "place"))
            rows.append([label(*variant), family, rank_range(analysis, family, variant), groups, between])
    of_family = table(["variant", "family", "rank", "group", "place"], rows, numbers_from=4)
    metrics = [
        [heading(column, "../metrics/"), *(score(analysis, variant, column) for variant in _variants(method, analysis))]
        for column in board.columns
    ]
    header = ["metric", *(label(*variant) for variant in _variants(method, analysis))]
    return "\n\n".join([f"### [{board.name}](../{board.name}.md)", of_family, table(header, metrics)])


def _examples(method: str, analyses: Sequence[Analysis]) -> list[str]:
    boards = [analysis.board for analysis in analyses if has_gallery(analysis.board, method)]
    if not boards:
        return []
    figures = [image(f"../{gallery_path(board.name, method)}", f"Maps of {method} on {board.name}") for board in boards]
    return ["## Examples", GALLERY, *(f"### {board.name}\n\n{figure}" for board, figure in zip(boards, figures, strict=True))]
