"""All statistics over models and patients of one board, for pages to show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from ecgbench.leaderboard.statistics.board import Board
from ecgbench.leaderboard.statistics.models.best import Best, comparison_with_best
from ecgbench.leaderboard.statistics.models.components import Components, components
from ecgbench.leaderboard.statistics.models.draws import two_way_means
from ecgbench.leaderboard.statistics.models.order import OrderAgreement, model_agreement
from ecgbench.leaderboard.statistics.models.spread import Spread, mean_spread
from ecgbench.leaderboard.statistics.models.tally import Name, Tally, complete_names, tally
from ecgbench.leaderboard.statistics.patients.patient_places import chosen_variants
from ecgbench.leaderboard.statistics.patients.resampled import MeanDraws, resampled_means
from ecgbench.leaderboard.statistics.ranking import Column
from ecgbench.leaderboard.statistics.scores.window_scores import LEAST_PATIENTS, WindowScores
from ecgbench.randomness import seed_generator

Variant = tuple[str, str]


@dataclass(frozen=True)
class MetricModels:
    """Methods compared in one metric, each by one variant.

    Attributes
    ----------
    variants : method and variant of each row, in the order of the methods' names
    components : of variance; None where there is one model
    best : comparison with the best over models and patients; None where there is one model, or some row and model has a defined window
        of fewer than `LEAST_PATIENTS`
    best_of_these : the same for these models, over patients
    agreement : of the models' orders
    """

    variants: tuple[Variant, ...]
    components: Components | None
    best: Best | None
    best_of_these: Best | None
    agreement: OrderAgreement


@dataclass(frozen=True)
class BoardModels:
    """Statistics over models and patients.

    Attributes
    ----------
    names : method or control, variant and metric of each row of `spread`
    spread : means with their errors; its `missing` says why there are no intervals where there are none
    means : resampled means, of which `metric_agreement` and `dataset_agreement` can be made as of those over patients
    metrics : by metric that counts
    """

    names: tuple[Name, ...]
    spread: Spread
    means: MeanDraws
    metrics: Mapping[str, MetricModels]

    @cached_property
    def by_name(self) -> Mapping[Name, tuple[float, float]]:
        """By method or control, variant and metric the 95 % interval of the mean over models and patients; nan, nan where there is none."""
        return {name: (float(low), float(high)) for name, (low, high) in zip(self.names, self.spread.intervals(), strict=True)}

    def intervals(self, level: float = 0.95) -> pd.DataFrame:
        """Mean, standard error, lowest and highest value and the models' share of the squared error, by method, variant and metric."""
        low, high = self.spread.intervals(level).T
        found = {"mean": self.spread.mean, "error": self.spread.error, "low": low, "high": high}
        index = pd.MultiIndex.from_tuples(self.names, names=("source", "variant", "metric"))
        return pd.DataFrame({**found, "from_models": self.spread.from_models}, index=index)


def analyse_models(board: Board, windows: WindowScores, of_patients: MeanDraws | None = None, resamples: int = 2000) -> BoardModels | None:
    """Compute the statistics over models and patients of a board.

    Parameters
    ----------
    board : the accepted results
    windows : its per-window scores
    of_patients : means resampled over patients alone (see `ecgbench.leaderboard.statistics.patients.resampled.resampled_means`); drawn if
        not given
    resamples : number of draws

    Returns
    -------
    The statistics; None where nothing has the scores of every seed.
    """
    names = complete_names(windows)
    if not names:
        return None
    means, fixed = two_way_means(windows, resamples), of_patients or resampled_means(windows, resamples)
    found = {column.name: _metric(board, windows, column, means, fixed) for column in board.columns if column.entry.ranked}
    return BoardModels(
        names=tuple(names),
        spread=mean_spread(tally(windows, names)),
        means=means,
        metrics={name: metric for name, metric in found.items() if metric is not None},
    )


def compared_variants(places: pd.Series[float], column: Column) -> tuple[Variant, ...]:
    """The variant that stands for each ranked method in one metric: the family's choice, or another where the metric needs another.

    Parameters
    ----------
    places : of the metric's family
    column : the metric
    """
    applies = [column.applies(variant) for variant in places.index.get_level_values("variant")]
    chosen = [variant for variant in chosen_variants(places) if column.applies(variant[1])]
    known = {method for method, _ in chosen}
    others = [variant for variant in chosen_variants(places[applies]) if variant[0] not in known]
    return tuple(sorted([*chosen, *others]))


def _metric(board: Board, windows: WindowScores, column: Column, means: MeanDraws, of_patients: MeanDraws) -> MetricModels | None:
    variants = compared_variants(board.places[column.family], column)
    if len(variants) < 2:
        return None
    rows: list[Name] = [(*variant, column.name) for variant in variants]
    scores: Tally = tally(windows, rows)
    draws, fixed = (np.stack([drawn.means[name] for name in rows]) for drawn in (means, of_patients))
    enough, higher = int(scores.patients.min()) >= LEAST_PATIENTS, column.entry.higher_is_better
    generator = seed_generator(0, f"models' orders by {column.name} of {windows.dataset}")
    return MetricModels(
        variants=variants,
        components=components(windows, column.name, variants),
        best=comparison_with_best(scores, draws, higher) if enough else None,
        best_of_these=comparison_with_best(scores, fixed, higher, these_models=True) if enough else None,
        agreement=model_agreement(scores, draws.shape[1], generator),
    )
