"""How far rankings agree: metrics with each other on one dataset, datasets with each other.

Intervals are quantiles of the same coefficient in the resampled rankings (see `ecgbench.leaderboard.statistics.patients.resampled`).
Drawing patients adds noise to both rankings, which lowers their agreement; so an interval lies rather low, and may end below the value
itself where that is near 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np
import pandas as pd

from ecgbench.leaderboard.statistics.analysis import Analysis, Variant
from ecgbench.leaderboard.statistics.correlation import centred_ranks, kendall, of_ranks
from ecgbench.leaderboard.statistics.patients.resampled import RankDraws
from ecgbench.leaderboard.statistics.ranking import Column
from ecgbench.leaderboard.statistics.scores.window_scores import WindowScores
from ecgbench.randomness import seed_generator
from ecgbench.results import drawn_means, expanded_tail, patient_sums, patient_weights

RESAMPLES = 2000
"""Draws of patients."""

Coefficient = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Agreement:
    """Symmetric tables of rankings x rankings.

    Attributes
    ----------
    value : the coefficient, 1 on the diagonal; nan where fewer than two variants are common, or a ranking ties all of them
    low, high : bounds of its interval; nan on the diagonal and where there is none
    variants : how many variants are common; 0 on the diagonal
    """

    value: pd.DataFrame
    low: pd.DataFrame
    high: pd.DataFrame
    variants: pd.DataFrame


def metric_agreement(analysis: Analysis, level: float = 0.95) -> Agreement:
    """Spearman's correlation between metrics of one dataset over the variants' means, each metric turned so that higher is better.

    Two metrics are compared over the variants that both apply to, of methods that are ranked.

    Parameters
    ----------
    analysis : of one dataset
    level : of the intervals
    """
    columns = analysis.board.columns
    names = {column.name: _variants(analysis, column) for column in columns}
    signs = {column.name: 1.0 if column.entry.higher_is_better else -1.0 for column in columns}

    @cache
    def ranks(name: str, variants: tuple[Variant, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Of the means, and of each draw: the same for every metric that this one is compared with over these variants."""
        means = np.array([[signs[name] * analysis.cells[(*variant, name)].mean] for variant in variants])
        drawn = np.array([signs[name] * analysis.means.means[(*variant, name)] for variant in variants])
        return centred_ranks(means)[:, 0], centred_ranks(drawn)

    found = {}
    for a, b in combinations(names, 2):
        both = tuple(variant for variant in names[a] if variant in names[b])
        if len(both) < 2:
            found[a, b] = (math.nan, math.nan, math.nan, len(both))
            continue
        (value, drawn), (other, others) = ranks(a, both), ranks(b, both)
        found[a, b] = _agreement(of_ranks, (value, other), (drawn, others), analysis.means.patients, level)
    return agreement_tables(list(names), found)


def dataset_agreement(places: Mapping[str, pd.Series[float]], draws: Mapping[str, RankDraws], level: float = 0.95) -> Agreement:
    """Kendall's tau-b between datasets of the places in one family, over the variants that both datasets rank.

    Parameters
    ----------
    places : the family's places by dataset
    draws : its resampled places by dataset, as many draws of each
    level : of the intervals
    """
    found = {}
    for a, b in combinations(places, 2):
        value = _common(places[a], places[b])
        # Draws of two datasets are paired by their number; one that a dataset left out is left out of both.
        both = draws[a].places.columns.intersection(draws[b].places.columns)
        drawn = [draws[name].places.loc[value[0].index, both].to_numpy() for name in (a, b)]
        patients = min(draws[a].patients, draws[b].patients)
        found[a, b] = _agreement(kendall, (value[0].to_numpy(), value[1].to_numpy()), (drawn[0], drawn[1]), patients, level)
    return agreement_tables(list(places), found)


def seed_agreement(windows: WindowScores, column: Column, variants: Sequence[tuple[str, str]], level: float = 0.95) -> Agreement:
    """Kendall's tau-b between the models of two seeds of the variants' means in one metric.

    Parameters
    ----------
    windows : per-window scores of one dataset
    column : the metric
    variants : those that are ordered; each has scores of every seed
    level : of the intervals, over patients, who bring their windows of both seeds
    """
    weights = patient_weights(len(windows.patients), RESAMPLES, seed_generator(0, f"patients of {windows.dataset}"))
    whole = np.ones((1, len(windows.patients)), dtype=np.int64)
    value, drawn, found = {}, {}, {}
    for seed in windows.seeds:
        scores = np.stack([windows.values[(*variant, column.name, seed)] for variant in variants])
        sums = patient_sums(scores, windows.index(seed), len(windows.patients))
        value[seed], drawn[seed] = drawn_means(whole, *sums)[:, 0], drawn_means(weights, *sums)
    for a, b in combinations(windows.seeds, 2):
        found[f"seed {a}", f"seed {b}"] = _agreement(kendall, (value[a], value[b]), (drawn[a], drawn[b]), windows.fewest, level)
    return agreement_tables([f"seed {seed}" for seed in windows.seeds], found)


def _common(first: pd.Series[float], second: pd.Series[float]) -> tuple[pd.Series[float], pd.Series[float]]:
    a, b = first.dropna(), second.dropna()
    both = a.index.intersection(b.index)
    return a.loc[both], b.loc[both]


def _variants(analysis: Analysis, column: Column) -> list[tuple[str, str]]:
    """Ranked methods' variants to which a metric applies and which have a mean of it."""
    board = analysis.board
    return [
        (method, variant)
        for (method, variant, name), cell in analysis.cells.items()
        if name == column.name and column.applies(variant) and method in board.files and method not in board.unranked
        if (method, variant, name) in analysis.means.means and not math.isnan(cell.mean)
    ]


def _agreement(
    coefficient: Coefficient, value: tuple[np.ndarray, np.ndarray], drawn: tuple[np.ndarray, np.ndarray], patients: int, level: float
) -> tuple[float, float, float, int]:
    """Coefficient, its interval, and the number of variants."""
    variants = len(value[0])
    if variants < 2:
        return math.nan, math.nan, math.nan, variants
    found = float(coefficient(value[0][:, None], value[1][:, None])[0])
    defined = ~np.isnan(drawn[0]).any(axis=0) & ~np.isnan(drawn[1]).any(axis=0)
    values = coefficient(drawn[0][:, defined], drawn[1][:, defined])
    values = values[~np.isnan(values)]
    if patients < 2 or not values.size:
        return found, math.nan, math.nan, variants
    tail = expanded_tail(patients, level)
    low, high = np.quantile(values, [tail, 1 - tail])
    return found, float(low), float(high), variants


def agreement_tables(names: Sequence[str], found: Mapping[tuple[str, str], tuple[float, float, float, int]]) -> Agreement:
    """The tables of some rankings, from the coefficient, the bounds of its interval and the number of variants of each two."""
    tables, places = [], {name: place for place, name in enumerate(names)}
    for position, (diagonal, kind) in enumerate([(1.0, "float64"), (math.nan, "float64"), (math.nan, "float64"), (0, "int64")]):
        table = np.full((len(names), len(names)), diagonal, dtype=kind)
        for (a, b), row in found.items():
            table[places[a], places[b]] = table[places[b], places[a]] = row[position]
        tables.append(pd.DataFrame(table, index=list(names), columns=pd.Index(names)))
    return Agreement(*tables)
