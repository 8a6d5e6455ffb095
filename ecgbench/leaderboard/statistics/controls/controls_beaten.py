"""How methods stand beside maps that were made without the network: how many metrics show them to be better, and whom that recommends."""

from __future__ import annotations

import math
from typing import NamedTuple

from ecgbench.leaderboard.statistics.analysis import Analysis, Variant
from ecgbench.leaderboard.statistics.orders.anchor import Anchor
from ecgbench.leaderboard.statistics.ranking import Column


class Beaten(NamedTuple):
    """In how many metrics a variant is shown to be better than every blind control, and of how many."""

    metrics: int
    of: int

    @property
    def everywhere(self) -> bool:
        """Whether it is so in each of them; False where there is none."""
        return 0 < self.of == self.metrics


class Reach(NamedTuple):
    """How far a blind control comes in a metric: its mean, and that of the best method's better variant."""

    column: Column
    control: str
    control_mean: float
    best: Variant
    best_mean: float

    @property
    def share(self) -> float:
        """The control's mean as a share of the best method's: above 1 where no method is better."""
        return self.control_mean / self.best_mean


def controls_beaten(analysis: Analysis, variant: Variant, family: str) -> Beaten:
    """In how many metrics of a family that count and apply a variant is shown to be better than every blind control.

    Parameters
    ----------
    analysis : of one dataset
    variant : a method's
    family : one of the dataset's
    """
    columns = [column for column in analysis.board.columns if column.family == family and column.counts(variant[1])]
    gains = [gain for column in columns if (gain := analysis.gain(variant, column)) is not None]
    blind = len(columns) if variant[0] in analysis.board.blind else 0
    return Beaten(sum(gain.shown for gain in gains), len(gains) or blind)


def recommended(analysis: Analysis, family: str) -> list[Variant]:
    """The methods of a family's first group that beat every blind control in each metric that counts, the best place first."""
    compared = analysis.comparisons.get(family)
    if compared is None:
        return []
    first = [variant for variant in compared.order if variant[0] in compared.groups[0]]
    return [variant for variant in first if controls_beaten(analysis, variant, family).everywhere]


def best_by_anchor(found: Anchor) -> tuple[list[Variant], list[Variant]]:
    """Methods that may be the best for a board's models: those that beat every control in each metric of the family, and those that don't.

    Parameters
    ----------
    found : the anchor of a board
    """
    best = found.compared.best_of_these
    if best is None:
        return [], []
    candidates = [variant for variant, may_be in zip(found.compared.variants, best.candidates, strict=True) if may_be]
    passed = [variant for variant in candidates if controls_beaten(found.analysis, variant, found.column.family).everywhere]
    return passed, [variant for variant in candidates if variant not in passed]


def furthest_reach(analysis: Analysis) -> Reach | None:
    """The metric in which a blind control comes nearest to the best method, or leaves it furthest behind; None if none can tell.

    Metrics that only describe maps are left out, and so are those of which lower is better, where a share says nothing.
    """
    columns = [column for column in analysis.board.columns if column.entry.higher_is_better and not column.entry.aside]
    found = [reach for column in columns if (reach := _reach(analysis, column)) is not None]
    return max(found, key=lambda reach: reach.share, default=None)


def _reach(analysis: Analysis, column: Column) -> Reach | None:
    control = analysis.best_control(column)
    best = _best(analysis, column)
    if control is None or best is None:
        return None
    mean = analysis.cells[(*best, column.name)].mean
    return Reach(column, *control, best, mean) if mean > 0 and control[1] > 0 else None


def _best(analysis: Analysis, column: Column) -> Variant | None:
    """The variant of a ranked method with the best mean; None where nothing has one."""
    board = analysis.board
    sign = 1 if column.entry.higher_is_better else -1
    means = {
        (source, variant): sign * cell.mean
        for (source, variant, metric), cell in analysis.cells.items()
        if metric == column.name and source in board.files and source not in {*board.blind, *board.unranked}
        if column.applies(variant) and not math.isnan(cell.mean)
    }
    return max(means, key=lambda variant: (means[variant], variant), default=None)
