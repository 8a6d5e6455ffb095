"""Interval of a mean over windows whose patients, not whose windows, are independent of each other."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from jaxtyping import Float64, Int64, Shaped

from ecgbench.errors import InputError
from ecgbench.results.bootstrap.resampling import drawn_means, expanded_tail, patient_sums, patient_weights, row_quantiles
from ecgbench.types import Names, PerWindow

FEW = 200
"""Patients up to which their draws are kept."""

BLOCK = 1 << 21
"""Draws of a patient that are in memory at once where there are more."""


def mean_interval(
    values: PerWindow, patient: Names, seed: int = 0, resamples: int = 2000, level: float = 0.95
) -> tuple[float | None, float | None]:
    """Interval of the mean over the defined windows: `seeds_interval` of a single seed.

    Parameters
    ----------
    values : (n,) float64 score of each window, nan where undefined
    patient : (n,) str patient of each window
    seed : of the generator that draws the patients
    resamples : number of draws
    level : how often the interval should hold the true mean, 0 to 1

    Returns
    -------
    Lowest and highest value of the interval; None, None where fewer than two patients have a defined window.

    Raises
    ------
    InputError
        If there isn't one patient per value, or the level is not a share.
    """
    return seeds_interval([values], [patient], seed, resamples, level)


def seeds_interval(
    values: Sequence[Float64[np.ndarray, " _"]],
    patients: Sequence[Shaped[np.ndarray, " _"]],
    seed: int = 0,
    resamples: int = 2000,
    level: float = 0.95,
) -> tuple[float | None, float | None]:
    """Expanded percentile bootstrap of the mean over seeds of the means over the defined windows, patients drawn whole.

    Seeds are models, which may explain different windows of the same patients. Patients are drawn from all that have a defined window
    with some seed, and one who is drawn brings the windows of every seed. A draw in which a seed has no defined window is left out. The
    quantiles are those of `expanded_tail` for the seed with the fewest patients.

    Parameters
    ----------
    values : of each seed, (n,) float64 score of each window, nan where undefined
    patients : of each seed, (n,) str patient of each window
    seed : of the generator that draws the patients
    resamples : number of draws
    level : how often the interval should hold the true mean, 0 to 1

    Returns
    -------
    Lowest and highest value of the interval; None, None where with some seed fewer than two patients have a defined window.

    Raises
    ------
    InputError
        If there is no seed, there isn't one patient per value, or the level is not a share.

    References
    ----------
    Davison & Hinkley 1997, Bootstrap Methods and their Application, section 3.8, doi:10.1017/CBO9780511802843
    Hesterberg 2015, What Teachers Should Know About the Bootstrap, doi:10.1080/00031305.2015.1089789
    """
    _check(values, patients, level)
    defined = [~np.isnan(scores) for scores in values]
    owners = [names[there] for names, there in zip(patients, defined, strict=True)]
    fewest = min(len(np.unique(names)) for names in owners)
    if fewest < 2:
        return None, None
    names = np.unique(np.concatenate(owners))
    draw = _drawn_patients if len(names) <= FEW else _draw_patients
    weights = draw(len(names), resamples, seed)
    means = np.zeros(resamples)
    for scores, there, owner in zip(values, defined, owners, strict=True):
        means += drawn_means(weights, *patient_sums(scores[None, there], np.searchsorted(names, owner), len(names)))[0]
    means = means[~np.isnan(means)] / len(values)
    if not means.size:
        return None, None
    tail = expanded_tail(fewest, level)
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def seeds_intervals(
    values: Sequence[Float64[np.ndarray, "cells _"]],
    patients: Sequence[Shaped[np.ndarray, " _"]],
    seed: int = 0,
    resamples: int = 2000,
    level: float = 0.95,
) -> Float64[np.ndarray, "cells 2"]:
    """`seeds_interval` of several cells of the same windows, up to rounding, (cells, 2); nan where there is none.

    Parameters
    ----------
    values : of each seed, (cells, n) float64 scores, nan where undefined
    patients, seed, resamples, level : as for `seeds_interval`
    """
    names = np.unique(np.concatenate(patients))
    tallied = [patient_sums(scores, np.searchsorted(names, of), len(names)) for scores, of in zip(values, patients, strict=True)]
    sums, counts = (np.stack(arrays) for arrays in zip(*tallied, strict=True))
    there: np.ndarray = counts > 0
    present: np.ndarray = np.logical_or.reduce(there, axis=0)
    fewest = there.sum(axis=2).min(axis=0)
    intervals = np.full((len(fewest), 2), np.nan)
    for pattern in np.unique(present[fewest >= 2], axis=0):
        rows = (present == pattern).all(axis=1) & (fewest >= 2)
        means = np.zeros((int(rows.sum()), resamples))
        for of_seed, number in zip(sums[:, rows][:, :, pattern], counts[:, rows][:, :, pattern], strict=True):
            means += _resampled(of_seed, number, resamples, seed)
        tails = np.array([expanded_tail(int(count), level) for count in fewest[rows]])
        intervals[rows] = row_quantiles(means / len(values), tails, 1 - tails)
    return intervals


def mean_intervals(
    values: Float64[np.ndarray, "cells n"], patient: Names, seed: int = 0, resamples: int = 2000, level: float = 0.95
) -> Float64[np.ndarray, "cells 2"]:
    """`mean_interval` of several cells of the same windows, up to rounding, (cells, 2); nan where there is none.

    Patients are drawn once for all cells in which the same ones have a defined window, and once for all calls with as many patients.

    Parameters
    ----------
    values : (cells, n) float64 scores, nan where undefined
    patient, seed, resamples, level : as for `mean_interval`
    """
    names, index = np.unique(patient, return_inverse=True)
    sums, counts = _patient_sums(values, index, len(names))
    groups: dict[bytes, list[int]] = {}
    for row, present in enumerate(counts > 0):
        groups.setdefault(present.tobytes(), []).append(row)
    intervals = np.full((len(values), 2), np.nan)
    for rows in groups.values():
        present = counts[rows[0]] > 0
        if (patients := int(present.sum())) >= 2:
            of_rows = np.ix_(np.array(rows), np.flatnonzero(present))
            means = _resampled(sums[of_rows], counts[of_rows], resamples, seed)
            tail = expanded_tail(patients, level)
            intervals[rows] = np.quantile(means, [tail, 1 - tail], axis=1).T
    return intervals


def _patient_sums(values: np.ndarray, index: np.ndarray, patients: int) -> tuple[np.ndarray, np.ndarray]:
    """As `patient_sums`, without a matrix of windows and patients, which is large where there are many of both."""
    defined = ~np.isnan(values)
    filled = np.where(defined, values, 0)
    sums = [np.bincount(index, weights=row, minlength=patients) for row in filled]
    counts = [np.bincount(index, weights=row, minlength=patients) for row in defined]
    return np.array(sums), np.array(counts)


def _resampled(sums: np.ndarray, counts: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """Means (cells, resamples) over drawn patients; few are drawn once for all, many in blocks, which draw the same in less memory."""
    patients = sums.shape[1]
    if patients <= FEW:
        return drawn_means(_drawn_patients(patients, resamples, seed), sums, counts)
    generator, block = np.random.default_rng(seed), max(1, BLOCK // patients)
    sizes = [min(block, resamples - start) for start in range(0, resamples, block)]
    return np.concatenate([drawn_means(patient_weights(patients, size, generator), sums, counts) for size in sizes], axis=1)


def _draw_patients(patients: int, resamples: int, seed: int) -> Int64[np.ndarray, "resamples patients"]:
    return patient_weights(patients, resamples, np.random.default_rng(seed))


_drawn_patients = lru_cache(maxsize=32)(_draw_patients)
"""The same, drawn once for all calls."""


def _check(values: Sequence[Float64[np.ndarray, " _"]], patients: Sequence[Shaped[np.ndarray, " _"]], level: float) -> None:
    shapes = [scores.shape for scores in values], [names.shape for names in patients]
    if not values or shapes[0] != shapes[1]:
        raise InputError(f"expected one patient per value, got {shapes[1]} and {shapes[0]}; pass arrays of one length for each seed.")
    if not 0 < level < 1:
        raise InputError(f"expected a level between 0 and 1, got {level}; pass a share such as 0.95.")
