"""Bootstrap over patients: resampled means, and the ranks and places that follow from them.

The patients of a dataset are drawn whole and with replacement, all variants and metrics with the same draws, so that what makes a patient
hard for every method moves no rank. Each draw is ranked by the rule of `ecgbench.leaderboard.statistics.ranking.family_places`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float64

from ecgbench.leaderboard.statistics.ranking import AGREEING, VARIANT, Column, families, plain_ranks, scaled_ranks
from ecgbench.leaderboard.statistics.scores.window_scores import WindowScores
from ecgbench.randomness import seed_generator
from ecgbench.results import drawn_means, expanded_tail, patient_sums, patient_weights

PLACE, RANK = "place", "rank"


@dataclass(frozen=True)
class MeanDraws:
    """Resampled means of a dataset.

    Attributes
    ----------
    means : by method, variant and metric, (resamples,) mean over seeds of the means over windows; nan where a draw has no defined window
        of some seed
    patients : number of patients, of the seed with the fewest
    """

    means: Mapping[tuple[str, str, str], Float64[np.ndarray, " resamples"]]
    patients: int


@dataclass(frozen=True)
class RankDraws:
    """Resampled ranks of a family's ranked variants: frames of variants x resamples.

    Attributes
    ----------
    means : by metric, of the variants that it applies to
    places : places 0 (best) .. 1 (worst)
    metrics : those that count and apply to one of the variants
    patients : number of patients that were drawn from
    """

    means: Mapping[str, pd.DataFrame]
    places: pd.DataFrame
    metrics: tuple[Column, ...]
    patients: int


def resampled_means(windows: WindowScores, resamples: int = 2000, seed: int = 0) -> MeanDraws:
    """Resampled means of every variant and metric that has the scores of all seeds.

    Parameters
    ----------
    windows : per-window scores of one dataset
    resamples : number of draws
    seed : of the generator, beside the dataset's name
    """
    weights = patient_weights(len(windows.patients), resamples, seed_generator(seed, f"patients of {windows.dataset}"))
    held: dict[str, list[tuple[str, str]]] = {}
    for method, variant, metric in dict.fromkeys(name[:3] for name in windows.values):
        if all((method, variant, metric, seed) in windows.values for seed in windows.seeds):
            held.setdefault(metric, []).append((method, variant))
    means: dict[tuple[str, str, str], np.ndarray] = {}
    for metric, variants in held.items():
        total = np.zeros((len(variants), resamples))
        for model in windows.seeds:
            scores = np.stack([windows.values[(*variant, metric, model)] for variant in variants])
            total += drawn_means(weights, *patient_sums(scores, windows.index(model), len(windows.patients)))
        means |= {(*variant, metric): row / len(windows.seeds) for variant, row in zip(variants, total, strict=True)}
    return MeanDraws(means, windows.fewest)


def place_draws(draws: MeanDraws, shown: Sequence[Column], places: pd.DataFrame) -> dict[str, RankDraws]:
    """Places in each draw, by family.

    A draw in which a metric that counts is nan for a ranked variant is left out of the family, and a family without ranked variants is not
    there.

    Parameters
    ----------
    draws : resampled means
    shown : columns of the metrics
    places : of `family_places`; a variant without a place is not ranked here either
    """
    found = {}
    for family in families(shown):
        ranked = [(str(method), str(variant)) for method, variant in places[family].dropna().index]
        counted = [column for column in shown if column.family == family and column.ranked]
        applies = [(column, [variant for variant in ranked if column.applies(variant[1])]) for column in counted]
        means = [(column, _frame(draws.means, column.name, variants)) for column, variants in applies if variants]
        if means:
            found[family] = _ranked(means, draws.patients)
    return found


def _ranked(means: Sequence[tuple[Column, pd.DataFrame]], patients: int) -> RankDraws:
    lost = pd.concat([frame.isna().any() for _, frame in means], axis=1).any(axis=1)
    kept = [(column, frame.loc[:, ~lost]) for column, frame in means]
    places = pd.concat([scaled_ranks(frame, column.entry.higher_is_better) for column, frame in kept]).groupby(level=VARIANT).mean()
    return RankDraws({column.name: frame for column, frame in kept}, places, tuple(column for column, _ in kept), patients)


def _frame(means: Mapping[tuple[str, str, str], np.ndarray], metric: str, variants: Sequence[tuple[str, str]]) -> pd.DataFrame:
    rows = np.stack([means[(*variant, metric)] for variant in variants])
    return pd.DataFrame(rows, index=pd.MultiIndex.from_tuples(variants, names=VARIANT))


def overall_draws(datasets: Sequence[RankDraws]) -> RankDraws:
    """Mean of the places over datasets in each draw, of the variants that are ranked on all of them.

    The datasets' patients are drawn independently, so the b-th draws of all make a draw of the whole.

    Parameters
    ----------
    datasets : draws of one family, as many of each dataset; one dataset at least
    """
    variants = sorted(set.intersection(*(set(draws.places.index) for draws in datasets)))
    both = pd.concat({i: draws.places.loc[variants] for i, draws in enumerate(datasets)}, join="inner")
    return RankDraws({}, both.groupby(level=VARIANT).mean(), (), min(draws.patients for draws in datasets))


def rank_intervals(draws: RankDraws, level: float = 0.95) -> pd.DataFrame:
    """Intervals of each variant's rank in every metric, of its place, and of its rank by place.

    Ranks run from 1, ties share the lowest. Quantiles are values that were drawn, none between, further out where patients are few (see
    `ecgbench.results.expanded_tail`).

    Returns
    -------
    frame of variants x (what, bound): the metrics' names, "place" and "rank" x "low" and "high"; nan where a metric doesn't apply, and
    everywhere if there are fewer than two patients
    """
    ranks = {column.name: plain_ranks(draws.means[column.name], column.entry.higher_is_better) for column in draws.metrics}
    ranks |= {PLACE: draws.places.round(AGREEING), RANK: plain_ranks(draws.places, higher_is_better=False)}
    frames = {name: _quantiles(frame, draws.patients, level) for name, frame in ranks.items()}
    return pd.concat(frames, axis=1).reindex(draws.places.index)


def overall_intervals(datasets: Sequence[RankDraws], level: float = 0.95) -> pd.DataFrame:
    """Intervals of the mean of the places over datasets and of the rank by it: variants x ("place", "rank") x ("low", "high").

    Quantiles are those of the dataset with the fewest patients.
    """
    return rank_intervals(overall_draws(datasets), level)


def _quantiles(frame: pd.DataFrame, patients: int, level: float) -> pd.DataFrame:
    bounds = np.full((2, len(frame)), np.nan)
    if patients > 1 and frame.size:
        tail = expanded_tail(patients, level)
        bounds = np.quantile(frame.to_numpy(), [tail, 1 - tail], axis=1, method="inverted_cdf")
    return pd.DataFrame(bounds.T, index=frame.index, columns=["low", "high"])
