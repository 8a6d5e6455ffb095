"""Orders of variants by the study's rule and by ours, against what was published, with intervals over patients."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float64

from ecgbench.leaderboard.statistics.analysis import Analysis, Variant
from ecgbench.leaderboard.statistics.correlation import kendall
from ecgbench.leaderboard.statistics.ranking import VARIANT, plain_ranks
from ecgbench.protocol import FIGURE_METRICS, INFERRED_ORDERS, STUDY, STUDY_DIGITS
from ecgbench.results import expanded_tail

LEVEL = 0.95


class Tau(NamedTuple):
    """Kendall's tau-b of two orders and its 95 % interval; nan where there is none."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Pair:
    """One dataset computed twice, on the same windows and models: by the study's protocol and by ours.

    Attributes
    ----------
    dataset : its key
    study, ours : the two analyses
    """

    dataset: str
    study: Analysis
    ours: Analysis


@dataclass(frozen=True)
class Places:
    """Mean ranks of the published variants, best lowest, as they are and in each draw of patients.

    Attributes
    ----------
    value : (variants,)
    draws : (variants, resamples)
    patients : number of patients that were drawn from
    """

    value: Float64[np.ndarray, " variants"]
    draws: Float64[np.ndarray, "variants resamples"]
    patients: int


def pairs(analyses: Mapping[str, Analysis]) -> list[Pair]:
    """Datasets of which there are results by both protocols that explain the same windows, by name."""
    found = []
    for study in analyses.values():
        if study.board.identity.protocol != STUDY:
            continue
        for ours in analyses.values():
            own = ours.board.identity
            alike = replace(own, protocol=STUDY, differs=study.board.identity.differs) == study.board.identity
            if own.protocol != STUDY and alike and _models(study) == _models(ours):
                found.append(Pair(study.board.key, study, ours))
    return found


def _models(analysis: Analysis) -> set[tuple[str, str]]:
    return {(seed, str(model["digest"])) for results in analysis.board.files.values() for seed, model in results.models.items()}


def places_by_study(analysis: Analysis, family: str) -> Places | None:
    """Mean plain ranks among the published variants: means rounded to three digits, the metrics of its figure for absolute maps too.

    None where a variant lacks a cell.
    """
    variants = list(INFERRED_ORDERS[family])
    columns = [column for column in analysis.board.columns if column.family == family and column.entry.key in FIGURE_METRICS[family]]
    if any((*variant, column.name) not in analysis.means.means for variant in variants for column in columns):
        return None
    ranks = []
    for column in columns:
        value = np.array([[analysis.cells[*variant, column.name].mean] for variant in variants])
        drawn = np.stack([analysis.means.means[*variant, column.name] for variant in variants])
        means = pd.DataFrame(np.round(np.concatenate([value, drawn], axis=1), STUDY_DIGITS))
        ranks.append(plain_ranks(means, column.entry.higher_is_better).to_numpy())
    mean = np.mean(ranks, axis=0)
    return Places(mean[:, 0], mean[:, 1:], analysis.means.patients)


def places_by_ours(analysis: Analysis, family: str) -> Places | None:
    """Our places of the published variants, ranked among all; None where one of them is not ranked."""
    variants = pd.MultiIndex.from_tuples(list(INFERRED_ORDERS[family]), names=VARIANT)
    places = analysis.board.places[family].reindex(variants)
    if places.isna().any() or family not in analysis.draws:
        return None
    draws = analysis.draws[family]
    return Places(places.to_numpy(), draws.places.reindex(variants).to_numpy(), draws.patients)


def published(family: str) -> Places:
    """The published order, which has no interval."""
    places = np.arange(len(INFERRED_ORDERS[family]), dtype=np.float64)
    return Places(places, places[:, None], 0)


def tau(first: Places | None, second: Places | None) -> Tau:
    """How far two orders agree; the same draw of patients makes both where both are drawn."""
    if first is None or second is None:
        return Tau(math.nan, math.nan, math.nan)
    value = float(kendall(first.value[:, None], second.value[:, None])[0])
    count = max(first.draws.shape[1], second.draws.shape[1])
    drawn = [np.broadcast_to(places.draws, (len(places.value), count)) for places in (first, second) if places.draws.shape[1] in (1, count)]
    patients = min(places.patients for places in (first, second) if places.patients)
    if len(drawn) < 2 or patients < 2:
        return Tau(value, math.nan, math.nan)
    values = kendall(*drawn)
    tail = expanded_tail(patients, LEVEL)
    low, high = np.nanquantile(values, [tail, 1 - tail])
    return Tau(value, float(low), float(high))


def positions(places: Places | None) -> list[str]:
    """Rank of each published variant, ties sharing the lowest; a dash where there are none."""
    if places is None:
        return []
    return [f"{rank:.0f}" for rank in pd.Series(places.value).round(9).rank(method="min")]


def variant_index(family: str) -> list[Variant]:
    """The published variants in the published order."""
    return list(INFERRED_ORDERS[family])
