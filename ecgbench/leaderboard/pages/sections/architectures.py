"""What pages say of the architectures of one dataset: how far their orders of methods agree, and what holds for all of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ecgbench.leaderboard.pages.sections.agreement_table import agreement_table
from ecgbench.leaderboard.pages.tables import heading, linked, table, with_interval
from ecgbench.leaderboard.statistics.analysis import Analysis
from ecgbench.leaderboard.statistics.orders.anchor import anchors_of
from ecgbench.leaderboard.statistics.orders.architectures import Architectures, architectures


def compared_architectures(analyses: Iterable[Analysis]) -> list[Architectures]:
    """The architectures that are compared with each other, by dataset and options.

    Parameters
    ----------
    analyses : of all boards
    """
    return architectures(anchors_of(analysis for analysis in analyses if analysis.board.compared))


def architectures_facts(found: Architectures) -> dict[str, Any]:
    """What the template `sections/architectures.md.j2` asks for."""
    first, mean = found.anchors[0], found.mean
    submitted = {method for one in found.anchors for method in one.analysis.board.submitted}
    variants = dict(first.compared.variants)
    return {
        "folder": found.folder,
        "recipe": found.recipe,
        "count": len(found.anchors),
        "metric": heading(first.column, "metrics/"),
        "tau": with_interval(mean.tau, mean.low, mean.high, 2).replace("<br>", " "),
        "common": len(found.common),
        "best": [linked(method, variants[method], submitted=submitted) for method in found.best],
        "models": _models(found),
        "pairs": agreement_table(found.pairs),
    }


def _models(found: Architectures) -> str:
    """The architectures with their pages."""
    rows = []
    for one in found.anchors:
        board = one.analysis.board
        rows.append([f"[`{board.identity.model}`]({board.name}.md)", str(len(board.seeds)), str(len(one.compared.variants))])
    return table(["architecture", "models", "methods"], rows, numbers_from=1)
