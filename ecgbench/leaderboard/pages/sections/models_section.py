"""What can be said of other models of the same recipe, by family: the best methods, what makes scores vary, wider intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ecgbench.leaderboard.pages.facts.provenance import these_models
from ecgbench.leaderboard.pages.sections.agreement_table import agreement_table
from ecgbench.leaderboard.pages.tables import NOTHING, heading, label, number, table, with_interval
from ecgbench.leaderboard.statistics.analysis import Analysis, Variant
from ecgbench.leaderboard.statistics.models import Best, MetricModels
from ecgbench.leaderboard.statistics.orders.agreement import seed_agreement
from ecgbench.leaderboard.statistics.orders.anchor import anchor
from ecgbench.leaderboard.statistics.ranking import Column, place_order
from ecgbench.leaderboard.statistics.scores.window_scores import LEAST_PATIENTS


def models_section(analysis: Analysis, family: str) -> dict[str, Any] | None:
    """What the template `sections/models.md.j2` asks for; None where nothing is compared.

    Parameters
    ----------
    analysis : of one dataset
    family : one of its families
    """
    found, board = analysis.models, analysis.board
    columns = [column for column in board.columns if column.family == family]
    if board.part or found is None:
        return None
    compared = [(column, found.metrics[column.name]) for column in columns if column.ranked and column.name in found.metrics]
    several = not found.spread.missing
    if not compared and not several:
        return None
    return {
        "others": of_other_models(analysis),
        "best": _best_table(analysis, compared, several) if compared else "",
        "components": _components_table(compared) if compared and several else "",
        "intervals": _intervals_table(analysis, columns, family) if several else "",
    }


def seeds_table(analysis: Analysis, family: str) -> dict[str, Any] | None:
    """How far the anchor's order of methods by one model agrees with that by another; None where the family has no anchor that counts.

    Each method stands by the variant that stands for it in the anchor.

    Parameters
    ----------
    analysis : of one dataset
    family : one of its families
    """
    found = anchor(analysis)
    if analysis.board.part or found is None or found.column.family != family or len(analysis.board.seeds) < 2:
        return None
    agreement = seed_agreement(analysis.windows, found.column, found.compared.variants)
    return {"metric": heading(found.column, "metrics/"), "table": agreement_table(agreement), "methods": len(found.compared.variants)}


def of_other_models(analysis: Analysis) -> str:
    """What so few models can tell of others, as a sentence; empty where there are enough."""
    models, count = analysis.models, len(analysis.board.seeds)
    if count == 1:
        return "There is one model, so nothing can be said of others."
    if models is None or models.spread.missing:
        return f"Nothing can be said of other models{'' if models is None else f': {models.spread.missing}'}."
    return "Two models tell little of others." if count == 2 else ""


def not_told_apart(compared: MetricModels, found: Best) -> list[Variant]:
    """Methods that may be the best one, each with the variant that stands for it, by name: no order among them is known."""
    return [variant for variant, may_be in zip(compared.variants, found.candidates, strict=True) if may_be]


def _best_table(analysis: Analysis, metrics: Sequence[tuple[Column, MetricModels]], several: bool) -> str:
    """Methods that may be the best for these models, and with several of them for others of their recipe."""
    header = ["metric", f"for {these_models(analysis.board)}", *(["for models of this recipe"] if several else [])]
    rows = []
    for column, compared in metrics:
        found = [compared.best_of_these, *([compared.best] if several else [])]
        rows.append([heading(column, "metrics/"), *(_candidates(compared, best) for best in found)])
    return table(header, rows, numbers_from=len(header))


def _candidates(compared: MetricModels, found: Best | None) -> str:
    if found is None:
        return f"fewer than {LEAST_PATIENTS} patients"
    names, total = not_told_apart(compared, found), len(compared.variants)
    return f"all {total}" if len(names) == total else f"{len(names)} of {total}: {', '.join(label(*variant) for variant in names)}"


def _components_table(metrics: Sequence[tuple[Column, MetricModels]]) -> str:
    header = [
        "metric",
        "between methods",
        "method x model",
        "method x patient",
        "rest",
        "share due to models",
        "interval over patients holds in",
        "models' orders agree",
    ]
    return table(header, [[heading(column, "metrics/"), *_components(compared)] for column, compared in metrics])


def _components(compared: MetricModels) -> list[str]:
    found, order = compared.components, compared.agreement
    agree = with_interval(order.tau, order.low, order.high, 2)
    if found is None:
        return [NOTHING] * 6 + [agree]
    deviations = [number(value) for value in (found.method, found.model, found.patient, found.residual)]
    return [*deviations, percent(found.from_models), percent(found.patients_only), agree]


def percent(share: float) -> str:
    """A share as a whole percentage; a dash for nan."""
    return NOTHING if math.isnan(share) else f"{100 * share:.0f}&nbsp;%"


def recipe_interval(analysis: Analysis, variant: Variant, column: Column) -> str:
    """The 95 % interval of a mean over models and patients, cut where the metric's values end; empty where there is none."""
    held = {} if analysis.models is None else analysis.models.by_name
    low, high = held.get((*variant, column.name), (math.nan, math.nan))
    if math.isnan(low):
        return ""
    lowest, highest = column.entry.bounds
    return f"{number(max(low, lowest))}..{number(min(high, highest))}"


def _intervals_table(analysis: Analysis, columns: Sequence[Column], family: str) -> str:
    order = place_order(analysis.board.places[family])
    rows = [[label(*variant), *(_both(analysis, variant, column) for column in columns)] for variant in order]
    return table(["variant", *(heading(column, "metrics/") for column in columns)], rows)


def _both(analysis: Analysis, variant: Variant, column: Column) -> str:
    """Mean, its interval over patients, and below it the one over models and patients."""
    cell = analysis.summary(variant, column)
    if cell is None or math.isnan(cell.mean) or not column.applies(variant[1]):
        return NOTHING
    of_recipe = recipe_interval(analysis, variant, column)
    return with_interval(cell.mean, cell.low, cell.high) + (f"<br>{of_recipe}" if of_recipe else "")
