"""A page a metric: what it is, what every variant scores on every dataset, class by class, and which metrics it agrees with."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ecgbench.leaderboard.pages.dataset_page import cited, generated
from ecgbench.leaderboard.pages.entry_facts import description, options_table
from ecgbench.leaderboard.pages.tables import (
    CONTROL_MARK,
    NOTHING,
    arrow,
    chance_levels,
    control_label,
    linked,
    number,
    rank_range,
    table,
    with_interval,
)
from ecgbench.leaderboard.statistics.agreement import Agreement
from ecgbench.leaderboard.statistics.analysis import Analysis, Variant
from ecgbench.leaderboard.statistics.ranking import AGREEING, Column
from ecgbench.metrics import MetricEntry

HOW = f"""\
A row is a variant, the best mean first. The mean is over windows, then over seeds, with its 95 % interval (patients drawn again with their
windows); # is the interval of its rank; balanced is the mean in which each class weighs the same; then each class by itself, of how many
windows. {CONTROL_MARK} marks what is not better than the best control. Rows in *italics* are no methods."""


def metric_page(entry: MetricEntry, analyses: Sequence[Analysis], agreements: Mapping[str, Agreement]) -> str:
    """The page of one metric, as markdown.

    Parameters
    ----------
    entry : what the metric declares
    analyses : of all boards that have cells of it
    agreements : by board, how far its metrics agree
    """
    parts = [generated("scores/"), f"# {entry.key.replace('_', ' ')}", description(entry.function), _facts(entry)]
    parts += [options_table(entry.shared or entry.perturb or entry.function, {}, dict(entry.study)), "[All metrics](../README.md).", HOW]
    for analysis in analyses:
        parts += [_dataset(analysis, column, agreements[analysis.board.name]) for column in analysis.board.columns if column.entry is entry]
    return "\n\n".join(part for part in parts if part) + "\n"


def _facts(entry: MetricEntry) -> str:
    low, high = entry.bounds
    better = "higher is better" if entry.higher_is_better else "lower is better"
    counts = "counts for the place" if entry.ranked else "shown, does not count for the place"
    signed = "; absolute maps are shown small and do not count" if entry.signed_only else ""
    return f"Family: {entry.family}. From {low:g} to {high:g}, {better}; {counts}{signed}. Source: {cited(entry.reference)}."


def _dataset(analysis: Analysis, column: Column, agreement: Agreement) -> str:
    """Scores on one dataset and mask, and the metrics that order variants most and least alike."""
    board = analysis.board
    mask = "" if column.name == column.entry.key else f", {column.kind} mask"
    classes = sorted({int(class_) for target in analysis.samples.target.values() for class_ in target})
    variants = [variant for variant in board.places.index if analysis.summary(variant, column) is not None]
    rows = [_row(analysis, column, variant, classes) for variant in _sorted(analysis, column, variants)]
    if (chance := chance_levels(board).get(column.name)) is not None:
        rows.append([NOTHING, "*chance*", number(chance), NOTHING, *(NOTHING for _ in classes), NOTHING])
    controls: list[Variant] = [(key, "raw") for key in board.controls if analysis.summary((key, "raw"), column) is not None]
    rows += [_row(analysis, column, variant, classes) for variant in _sorted(analysis, column, controls)]
    header = ["#", "variant", f"mean&nbsp;{arrow(column)}", "balanced", *map(board.class_name, classes), "undefined"]
    title = f"## [{board.name}](../{board.name}.md){mask}"
    return "\n\n".join([title, table(header, rows, numbers_from=2), _agreeing(column, agreement)]).rstrip()


def _sorted(analysis: Analysis, column: Column, variants: Sequence[Variant]) -> list[Variant]:
    """Variants to which the metric applies first, those with the best mean first of all."""
    sign = -1 if column.entry.higher_is_better else 1

    def key(variant: Variant) -> tuple[bool, bool, float, Variant]:
        cell = analysis.summary(variant, column)
        mean = math.nan if cell is None else cell.mean
        return not column.applies(variant[1]), math.isnan(mean), 0.0 if math.isnan(mean) else round(sign * mean, AGREEING), variant

    return sorted(variants, key=key)


def _row(analysis: Analysis, column: Column, variant: Variant, classes: Sequence[int]) -> list[str]:
    cell, board = analysis.summary(variant, column), analysis.board
    if cell is None:
        return []
    rank = rank_range(analysis, column.family, variant, column.name)
    control = variant[0] in board.controls
    name = control_label(board, variant[0]) if control else linked(*variant, "../methods/")
    mean = with_interval(cell.mean, cell.low, cell.high) + (CONTROL_MARK if analysis.beaten(variant, column) else "")
    found = analysis.classes(variant, column)
    each = [f"{number(found[c][0])}<br><sub>of&nbsp;{found[c][1]}</sub>" if c in found else NOTHING for c in classes]
    text = [mean, number(cell.balanced), *each, f"{cell.undefined} of {cell.windows}"]
    return [rank, name, *(text if column.applies(variant[1]) else [f"<sub>[{one}]</sub>" for one in text])]


def _agreeing(column: Column, agreement: Agreement) -> str:
    """Spearman's correlation with the other metrics, the most alike first."""
    if column.name not in agreement.value.columns:
        return ""
    others = agreement.value[column.name].drop(column.name).dropna().sort_values(ascending=False, kind="stable")
    said = [f"{str(name).replace('_', ' ')} {number(value, 2)}" for name, value in others.items()]
    return f"Orders variants like (Spearman): {', '.join(said)}." if said else ""
