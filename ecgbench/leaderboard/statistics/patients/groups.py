"""Which methods can be told apart: paired comparisons over patients, and the groups within which nothing differs.

Methods stand in the order of their places, which is the order of the tables. Whether two of them differ is tested over patients, since
windows of one patient are not independent and patients are: each patient ranks the variants by the rule of the places. Two methods that
are alike could be exchanged in any patient, which turns the sign of the patient's difference and is what the test does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float64

from ecgbench.leaderboard.statistics.patients.patient_places import PatientPlaces, chosen_variants, patient_places
from ecgbench.leaderboard.statistics.ranking import Column, place_order
from ecgbench.leaderboard.statistics.scores.window_scores import WindowScores
from ecgbench.randomness import seed_generator

LEVEL = 0.05
"""Two methods differ if their corrected p is at most this."""

POWER = 0.8
"""Probability with which the attainable difference is found."""

EXACT = 14
"""Largest number of patients for which all sign flips are tried."""

FLIPS = 100_000
"""Number of random sign flips for more patients."""

_CHUNK = 10_000
_ROUNDING = 1e-9
"""Relative difference below which two sums are tied."""


@dataclass(frozen=True)
class Attainable:
    """The smallest difference that a comparison of this many patients can find.

    Attributes
    ----------
    smallest : the smallest p that a test can give
    possible : whether a difference can be found at all once it is corrected for the number of pairs
    difference : of two places that is found with probability 0.8; nan if none can be found
    """

    smallest: float
    possible: bool
    difference: float


@dataclass(frozen=True)
class Comparison:
    """Methods of one family on one dataset, compared with each other.

    Attributes
    ----------
    order : methods with the variant that stands for each, the best place first
    places : of these variants in the family, by method, in that order; 0 (best) .. 1 (worst)
    within : mean over patients of the place within the patient, by method, in that order
    patients : number of patients
    left_out : number of patients without a place of every method
    without : number of patients without each metric, because it is undefined for a variant
    p : methods x methods, of the paired test; 1 on the diagonal
    adjusted : the same after Holm's correction for all pairs
    groups : runs of methods, in that order, of which no two differ; a method that differs from its neighbours is alone in its group
    friedman : p of Friedman's test that all are alike; nan for two methods. It decides nothing here.
    attainable : the smallest difference that can be found
    """

    order: tuple[tuple[str, str], ...]
    places: pd.Series[float]
    within: pd.Series[float]
    patients: int
    left_out: int
    without: Mapping[str, int]
    p: pd.DataFrame
    adjusted: pd.DataFrame
    groups: tuple[tuple[str, ...], ...]
    friedman: float
    attainable: Attainable

    @property
    def ahead_of_all(self) -> bool:
        """Whether the first method can be told from each of the others."""
        return bool((self.adjusted.iloc[0, 1:] <= LEVEL).all())

    @property
    def against_order(self) -> tuple[tuple[str, str], ...]:
        """Pairs that differ the other way round than their places say: a few patients with many windows decide the place."""
        names = list(self.places.index)
        differ, within = self.adjusted.to_numpy() <= LEVEL, self.within.to_numpy()
        return tuple((names[i], names[j]) for i, j in combinations(range(len(names)), 2) if differ[i, j] and within[i] > within[j])


def comparison(
    windows: WindowScores, shown: Sequence[Column], places: pd.DataFrame, family: str, flips: int = FLIPS, seed: int = 0
) -> Comparison | None:
    """Compare the methods that are ranked in a family, each by its better variant.

    The variant is chosen on the scores that are compared, which favours methods whose two variants are much alike and noisy, a little.

    Parameters
    ----------
    windows : per-window scores of one dataset
    shown : columns of its metrics
    places : of `ecgbench.leaderboard.statistics.ranking.family_places`
    family : one of its columns
    flips : number of random sign flips where patients are too many for all
    seed : of the generator of the flips, beside the dataset's name and the family

    Returns
    -------
    The comparison; None where fewer than two methods are ranked, or fewer than two patients have a place of all.

    References
    ----------
    Holm 1979, A simple sequentially rejective multiple test procedure, https://www.jstor.org/stable/4615733
    Demsar 2006, Statistical comparisons of classifiers over multiple data sets, https://www.jmlr.org/papers/v7/demsar06a.html
    """
    counted = [column for column in shown if column.family == family and column.ranked]
    ranked = places[family].dropna()
    found = patient_places(windows, counted, place_order(ranked))
    order = place_order(ranked.loc[list(chosen_variants(ranked))]) if len(ranked) else []
    if len(order) < 2 or found.values.shape[1] < 2:
        return None
    generator = seed_generator(seed, f"sign flips of {family} of {windows.dataset}")
    return _compared(found, tuple(order), ranked, generator, flips)


def _compared(
    found: PatientPlaces, variants: tuple[tuple[str, str], ...], places: pd.Series[float], generator: np.random.Generator, flips: int
) -> Comparison:
    """The comparison of those of the variants that stand for their methods, in the order in which they are given."""
    values = found.values[[found.variants.index(variant) for variant in variants]]
    methods = [method for method, _ in variants]
    pairs = list(combinations(range(len(methods)), 2))
    differences = np.stack([values[i] - values[j] for i, j in pairs])
    p = sign_flip(differences, generator, flips)
    adjusted = _square(methods, pairs, holm(p))
    return Comparison(
        order=variants,
        places=pd.Series([float(places[variant]) for variant in variants], index=methods),
        within=pd.Series(values.mean(axis=1), index=methods),
        patients=values.shape[1],
        left_out=found.left_out,
        without=found.without,
        p=_square(methods, pairs, p),
        adjusted=adjusted,
        groups=tuple(tuple(methods[start:stop]) for start, stop in alike(adjusted.to_numpy() <= LEVEL)),
        friedman=_friedman(values),
        attainable=attainable(differences, flips),
    )


def _square(methods: list[str], pairs: Sequence[tuple[int, int]], values: np.ndarray) -> pd.DataFrame:
    table = np.ones((len(methods), len(methods)))
    for (i, j), value in zip(pairs, values, strict=True):
        table[i, j] = table[j, i] = value
    return pd.DataFrame(table, index=methods, columns=pd.Index(methods))


def sign_flip(
    differences: Float64[np.ndarray, "pairs patients"], generator: np.random.Generator, flips: int = FLIPS
) -> Float64[np.ndarray, " pairs"]:
    """Two-sided p of paired differences with mean 0, by turning the signs of whole patients.

    All 2^P turns of P patients are tried up to `EXACT` patients; beyond, `flips` random ones, of which the data are one more, so that p is
    never 0 and never too small. All pairs share them.

    Parameters
    ----------
    differences : (pairs, patients)
    generator : draws the turns
    flips : how many to draw
    """
    total = np.abs(differences.sum(axis=1))
    # Sums that differ by rounding alone are tied.
    least = total - _ROUNDING * np.abs(differences).sum(axis=1)
    reached = np.zeros(len(differences))
    exact = differences.shape[1] <= EXACT
    for signs in _all_signs(differences.shape[1]) if exact else _drawn_signs(differences.shape[1], generator, flips):
        reached += (np.abs(signs @ differences.T) >= least).sum(axis=0)
    return reached / 2 ** differences.shape[1] if exact else (reached + 1) / (flips + 1)


def _all_signs(patients: int) -> Iterator[np.ndarray]:
    yield 1.0 - 2.0 * (np.arange(2**patients)[:, None] >> np.arange(patients) & 1)


def _drawn_signs(patients: int, generator: np.random.Generator, flips: int) -> Iterator[np.ndarray]:
    for start in range(0, flips, _CHUNK):
        yield 1.0 - 2.0 * generator.integers(2, size=(min(_CHUNK, flips - start), patients), dtype=np.int8)


def holm(p: Float64[np.ndarray, " pairs"]) -> Float64[np.ndarray, " pairs"]:
    """Holm's correction: the chance of one false finding among all pairs stays below the level, however they depend on each other."""
    order = np.argsort(p)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1)
    return adjusted


def alike(differ: Bool[np.ndarray, "methods methods"]) -> tuple[tuple[int, int], ...]:
    """Longest runs (start, stop) of consecutive methods of which no two differ, as the bars of a critical-difference diagram."""
    runs: list[tuple[int, int]] = []
    for start in range(len(differ)):
        stop = start + 1
        while stop < len(differ) and not differ[stop, start:stop].any():
            stop += 1
        if not runs or stop > runs[-1][1]:
            runs.append((start, stop))
    return tuple(runs)


def attainable(differences: Float64[np.ndarray, "pairs patients"], flips: int = FLIPS) -> Attainable:
    """The smallest difference that a comparison of this many patients can find.

    Of P patients no p is below 2 / 2^P, nor below that of the drawn flips. A true difference d is found with probability 0.8 where d =
    (z(1 - 0.05 / (2 m)) + z(0.8)) s / sqrt(P), with z the normal's quantiles, m the number of pairs (Holm's first and strictest step) and
    s the median over pairs of the standard deviation of the paired differences: a normal approximation, rough below ten patients.

    Parameters
    ----------
    differences : (pairs, patients), two patients at least
    flips : number of random flips where patients are too many for all
    """
    from scipy.special import ndtri

    pairs, patients = differences.shape
    smallest = 2 / 2**patients if patients <= EXACT else max(2 / 2**patients, 1 / (flips + 1))
    if pairs * smallest > LEVEL:
        return Attainable(smallest, possible=False, difference=math.nan)
    spread = float(np.median(differences.std(axis=1, ddof=1)))
    reach = float(ndtri(1 - LEVEL / (2 * pairs)) + ndtri(POWER))
    return Attainable(smallest, possible=True, difference=reach * spread / math.sqrt(patients))


def _friedman(values: Float64[np.ndarray, "methods patients"]) -> float:
    from scipy.stats import friedmanchisquare

    if len(values) < 3:
        return math.nan
    if (values == values[0]).all():
        return 1.0
    return float(friedmanchisquare(*values).pvalue)
