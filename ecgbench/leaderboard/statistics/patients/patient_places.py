"""Places of all ranked variants within each patient, by which `ecgbench.leaderboard.statistics.patients.groups` compares methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float64

from ecgbench.leaderboard.statistics.ranking import AGREEING, Column
from ecgbench.leaderboard.statistics.scores.window_scores import WindowScores
from ecgbench.results import patient_sums


@dataclass(frozen=True)
class PatientPlaces:
    """Places 0 (best) .. 1 (worst) of variants within patients.

    Attributes
    ----------
    variants : method and variant of each row
    values : (variants, patients) places
    left_out : number of patients without a place of every variant
    without : number of patients without each metric, because it is undefined for a variant that it applies to
    """

    variants: tuple[tuple[str, str], ...]
    values: Float64[np.ndarray, "variants patients"]
    left_out: int
    without: Mapping[str, int]


def chosen_variants(places: pd.Series[float]) -> tuple[tuple[str, str], ...]:
    """Of each method that is ranked the variant with the better place; of two with the same, the signed one.

    Parameters
    ----------
    places : of one family (see `ecgbench.leaderboard.statistics.ranking.family_places`)
    """
    found: dict[str, tuple[float, bool, str]] = {}
    ranked = places.dropna().round(AGREEING)
    for (method, variant), place in zip(ranked.index, ranked, strict=True):
        rank = (float(place), variant != "raw", str(variant))
        found[str(method)] = min(rank, found.get(str(method), rank))
    return tuple((method, variant) for method, (_, _, variant) in sorted(found.items()))


def patient_places(windows: WindowScores, counted: Sequence[Column], variants: Sequence[tuple[str, str]]) -> PatientPlaces:
    """Rank variants within every patient.

    A patient's score is the mean over seeds of the means over the patient's defined windows; a seed counts where every variant is defined.
    The scores of each metric are ranked (ties share the average) and the ranks scaled to 0 (best) .. 1 (worst); a place is the mean over
    the metrics that apply to the variant. A metric that applies to fewer than two of the variants compares nothing and is left out.

    Parameters
    ----------
    windows : per-window scores of one dataset
    counted : columns of the metrics that count
    variants : method and variant; each has the scores of all seeds in every metric that applies to it
    """
    total, number = (np.zeros((len(variants), len(windows.patients))) for _ in range(2))
    without = {}
    for column in counted:
        rows = [i for i, (_, variant) in enumerate(variants) if column.applies(variant)]
        if len(rows) < 2:
            continue
        scores = _scores(windows, column.name, [variants[i] for i in rows])
        defined = ~np.isnan(scores[0])
        total[np.ix_(rows, defined)] += _scaled(scores[:, defined], column.entry.higher_is_better)
        number[np.ix_(rows, defined)] += 1
        without[column.name] = int((~defined).sum())
    kept = (number > 0).all(axis=0)
    return PatientPlaces(tuple(variants), total[:, kept] / number[:, kept], int((~kept).sum()), without)


def _scores(windows: WindowScores, metric: str, variants: Sequence[tuple[str, str]]) -> Float64[np.ndarray, "variants patients"]:
    shape = len(variants), len(windows.patients)
    total, seeds = np.zeros(shape), np.zeros(shape)
    for seed in windows.seeds:
        values = np.stack([windows.values[(*variant, metric, seed)] for variant in variants])
        sums, counts = patient_sums(values, windows.index(seed), len(windows.patients))
        defined = (counts > 0).all(axis=0)
        total[:, defined] += sums[:, defined] / counts[:, defined]
        seeds[:, defined] += 1
    return np.where(seeds > 0, total / np.maximum(seeds, 1), np.nan)


def _scaled(scores: Float64[np.ndarray, "variants patients"], higher_is_better: bool) -> Float64[np.ndarray, "variants patients"]:
    from scipy.stats import rankdata

    ranks = rankdata(np.round(-scores if higher_is_better else scores, AGREEING), axis=0)
    scaled: np.ndarray = (ranks - 1) / (len(scores) - 1)
    return scaled
