"""What the overview says of the anchor: which methods may be the best by it, and how far other orders agree with its."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ecgbench.leaderboard.pages.facts.provenance import these_models
from ecgbench.leaderboard.pages.sections.models_section import not_told_apart, of_other_models
from ecgbench.leaderboard.pages.tables import CONTROL_MARK, heading, linked, table, with_interval
from ecgbench.leaderboard.statistics.analysis import Analysis
from ecgbench.leaderboard.statistics.models import Best, OrderAgreement
from ecgbench.leaderboard.statistics.orders.anchor import Anchor, anchors_of, dataset_orders, metric_orders, recipe_orders
from ecgbench.leaderboard.statistics.ranking import Column
from ecgbench.leaderboard.statistics.scores.window_scores import LEAST_PATIENTS
from ecgbench.metrics import FAMILIES


def anchor_facts(analyses: Iterable[Analysis]) -> dict[str, Any]:
    """What the template `sections/trust.md.j2` and the overview's section on orders ask for.

    Parameters
    ----------
    analyses : of the boards that are compared with each other
    """
    anchors = anchors_of(analyses)
    answers = [_answer(found) for found in anchors]
    return {
        "names": [family.anchor.replace("_", " ") for family in FAMILIES if family.anchor],
        "metric": heading(anchors[0].column, "metrics/") if anchors else "",
        "question": anchors[0].column.entry.question.question if anchors else "",
        "answers": answers,
        "marked": any(CONTROL_MARK in name for answer in answers for name in (*answer["of_these"], *answer["of_recipe"])),
        "orders": _orders(anchors) if anchors else "",
        "few_models": [found.analysis.board.name for found in anchors if of_other_models(found.analysis)],
    }


def recipes_table(analyses: Iterable[Analysis]) -> str:
    """Kendall's tau of the anchor's orders for models of two recipes; empty where no dataset has results of two.

    Parameters
    ----------
    analyses : of all boards
    """
    anchors = anchors_of(analysis for analysis in analyses if analysis.board.compared)
    rows = [
        [
            first.analysis.board.identity.folder,
            *(f"[`{one.analysis.board.identity.model}`]({_name(one)}.md) ({len(one.analysis.board.seeds)})" for one in (first, second)),
            str(found.items),
            with_interval(found.tau, found.low, found.high, 2),
        ]
        for first, second, found in recipe_orders(anchors)
    ]
    return table(["dataset", "models (number)", "and models (number)", "methods", "tau"], rows, numbers_from=3) if rows else ""


def _answer(found: Anchor) -> dict[str, Any]:
    board = found.analysis.board
    return {
        "board": board.name,
        "simulated": board.embedded,
        "models": these_models(board),
        "methods": len(found.compared.variants),
        "of_these": _names(found, found.compared.best_of_these),
        "of_recipe": _names(found, found.compared.best),
        "least": LEAST_PATIENTS,
        "others": of_other_models(found.analysis),
    }


def _names(found: Anchor, best: Best | None) -> list[str]:
    """Methods that may be the best one, marked where they are not shown to be better than every blind control; empty if unknown."""
    if best is None:
        return []
    analysis, submitted = found.analysis, found.analysis.board.submitted
    return [
        linked(*variant, submitted=submitted) + (CONTROL_MARK if analysis.beaten(variant, found.column) else "")
        for variant in not_told_apart(found.compared, best)
    ]


def _orders(anchors: Sequence[Anchor]) -> str:
    """Kendall's tau of the anchor's orders by two models, on two datasets, and of its order and another metric's."""
    rows = [_row("by another of the models", found, found.compared.agreement) for found in anchors]
    rows += [_row(f"on {_name(second)}", first, agreement) for first, second, agreement in dataset_orders(anchors)]
    rows += [_row(f"by {_linked(column)}", found, agreement) for found in anchors for column, agreement in metric_orders(found)]
    return table(["its order and the order", "dataset", "methods", "tau"], rows, numbers_from=2)


def _row(compared: str, found: Anchor, agreement: OrderAgreement) -> list[str]:
    name = _name(found)
    return [compared, f"[{name}]({name}.md)", str(agreement.items), with_interval(agreement.tau, agreement.low, agreement.high, 2)]


def _name(found: Anchor) -> str:
    return found.analysis.board.name


def _linked(column: Column) -> str:
    return f"[{column.name.replace('_', ' ')}](metrics/{column.entry.key}.md)"
