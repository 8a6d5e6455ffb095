"""How far other orders of methods agree with that of the anchor, the metric that a family names for it, over models and patients."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from typing import NamedTuple

import numpy as np

from ecgbench.leaderboard.statistics.analysis import Analysis, Variant
from ecgbench.leaderboard.statistics.models import BoardModels, MetricModels, OrderAgreement, order_agreement, same_patient_draws, tally
from ecgbench.leaderboard.statistics.models.tally import Name
from ecgbench.leaderboard.statistics.ranking import Column
from ecgbench.models.recipes import split_model
from ecgbench.randomness import seed_generator


class Anchor(NamedTuple):
    """The anchor of one board: its column, the methods compared in it, and the statistics over models and patients that it is part of."""

    analysis: Analysis
    column: Column
    compared: MetricModels
    models: BoardModels


class _Order(NamedTuple):
    """Methods ordered by a metric: (items,) means and (items, resamples) draws where higher is better, and how many were drawn from."""

    values: np.ndarray
    draws: np.ndarray
    fewest: int


def anchor(analysis: Analysis) -> Anchor | None:
    """The anchor of a board; None where no family has one that counts and orders two methods."""
    if analysis.models is None:
        return None
    named = [column for column in analysis.board.columns if column.ranked and column.entry.key == column.entry.question.anchor]
    found = [column for column in named if column.name in analysis.models.metrics]
    return Anchor(analysis, found[0], analysis.models.metrics[found[0].name], analysis.models) if found else None


def anchors_of(analyses: Iterable[Analysis]) -> list[Anchor]:
    """The anchors of those boards that have one.

    Parameters
    ----------
    analyses : of the boards
    """
    return [found for found in map(anchor, analyses) if found is not None]


def metric_orders(found: Anchor) -> list[tuple[Column, OrderAgreement]]:
    """Agreement of every other metric's order of the same maps with the anchor's, each with its column.

    Each method stands by the variant that stands for it in the anchor. One to which the other metric does not apply is left out, and so is
    a metric that orders fewer than two methods.

    Parameters
    ----------
    found : the anchor of a board
    """
    agreements = []
    for column in found.analysis.board.columns:
        variants = [variant for variant in found.compared.variants if column.applies(variant[1]) and _known(found, variant, column)]
        if column.name != found.column.name and len(variants) > 1:
            agreements.append((column, _agreement(_order(found, variants, found.column), _order(found, variants, column))))
    return agreements


def dataset_orders(anchors: Sequence[Anchor]) -> list[tuple[Anchor, Anchor, OrderAgreement]]:
    """Agreement of the anchor's orders on two datasets, over the methods that both have, for each pair of boards.

    Parameters
    ----------
    anchors : of the boards
    """
    agreements = []
    for first, second in combinations(anchors, 2):
        orders = [_order(one, variants, one.column) for one, variants in zip((first, second), _in_common(first, second), strict=True)]
        agreements.append((first, second, _agreement(*orders)))
    return agreements


def recipe_orders(anchors: Sequence[Anchor]) -> list[tuple[Anchor, Anchor, OrderAgreement]]:
    """Agreement of the anchor's orders for models of one architecture that were trained by two recipes, for each such pair of boards.

    Only what is of the same data and options is compared. Both recipes' models explain windows of the same patients, so these are drawn
    once for both; models are drawn for each.

    Parameters
    ----------
    anchors : of the boards
    """
    pairs = [(first, second) for first, second in combinations(anchors, 2) if _differ_in_recipe(first, second)]
    return [(first, second, _over_same_patients(first, second)) for first, second in pairs]


def _differ_in_recipe(first: Anchor, second: Anchor) -> bool:
    of_first, of_second = (one.analysis.board.identity for one in (first, second))
    same_network = split_model(of_first.model)[0] == split_model(of_second.model)[0]
    return same_network and of_first.model != of_second.model and replace(of_first, model=of_second.model) == of_second


def _over_same_patients(first: Anchor, second: Anchor, resamples: int = 2000) -> OrderAgreement:
    pair, common = (first, second), _in_common(first, second)
    orders = [_order(one, variants, one.column) for one, variants in zip(pair, common, strict=True)]
    if not common[0]:
        return _agreement(*orders)
    scores = []
    for one, variants in zip(pair, common, strict=True):
        windows = one.analysis.windows
        scores.append((tally(windows, [(*variant, one.column.name) for variant in variants]), windows.patients))
    generator = seed_generator(0, f"recipes of {first.analysis.board.name} and {second.analysis.board.name}")
    draws = same_patient_draws(scores, resamples, generator)
    drawn = [order._replace(draws=_sign(one.column) * found) for one, order, found in zip(pair, orders, draws, strict=True)]
    return _agreement(*drawn)


def _in_common(first: Anchor, second: Anchor) -> list[list[Variant]]:
    """Of each the variants of the methods that both compare."""
    common = {method for method, _ in first.compared.variants} & {method for method, _ in second.compared.variants}
    return [[variant for variant in one.compared.variants if variant[0] in common] for one in (first, second)]


def _sign(column: Column) -> float:
    return 1.0 if column.entry.higher_is_better else -1.0


def _known(found: Anchor, variant: Variant, column: Column) -> bool:
    cell = found.analysis.summary(variant, column)
    return cell is not None and not math.isnan(cell.mean) and (*variant, column.name) in found.models.means.means


def _order(found: Anchor, variants: Sequence[Variant], column: Column) -> _Order:
    """The order of some variants by a metric; variants of two datasets stand in the order of the methods' names."""
    names: list[Name] = [(*variant, column.name) for variant in variants]
    if not names:
        return _Order(np.empty(0), np.empty((0, 0)), 0)
    sign = _sign(column)
    scores = tally(found.analysis.windows, names)
    draws = np.stack([found.models.means.means[name] for name in names])
    return _Order(sign * scores.means, sign * draws, min(scores.models, int(scores.patients.min())))


def _agreement(first: _Order, second: _Order) -> OrderAgreement:
    return order_agreement((first.values, second.values), (first.draws, second.draws), min(first.fewest, second.fewest))
