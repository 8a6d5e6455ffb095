"""Patients drawn whole and with replacement: what every interval here rests on."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from jaxtyping import Float64, Int64

from ecgbench.errors import InputError


def patient_weights(patients: int, resamples: int, generator: np.random.Generator) -> Int64[np.ndarray, "resamples patients"]:
    """How often each patient is drawn in each resample, in which as many are drawn as there are.

    Parameters
    ----------
    patients : how many there are, one at least
    resamples : number of draws
    generator : draws the patients

    Raises
    ------
    InputError
        If there are no patients.
    """
    if patients < 1:
        raise InputError(f"expected patients to draw from, got {patients}; pass scores that are defined somewhere.")
    return generator.multinomial(patients, np.full(patients, 1 / patients), size=resamples)


@lru_cache(maxsize=4096)
def expanded_tail(patients: int, level: float) -> float:
    """Share of the resampled values that is left out on either side of an interval.

    A sample of P patients spreads too little by sqrt((P - 1) / P), and its quantiles are a normal's where Student's are due. Both are made
    good by taking quantiles further out: Phi(-sqrt(P / (P - 1)) t), with t the quantile of Student's distribution of P - 1 degrees of
    freedom that an interval of that level takes. With many patients it is (1 - level) / 2.

    Parameters
    ----------
    patients : how many were drawn from, two at least
    level : of the interval, 0 to 1

    Raises
    ------
    InputError
        If there are fewer than two patients, or the level is not a share.

    References
    ----------
    Hesterberg 2015, What Teachers Should Know About the Bootstrap, doi:10.1080/00031305.2015.1089789
    """
    from scipy.special import ndtr, stdtrit

    if patients < 2:
        raise InputError(f"expected two patients or more, got {patients}; fewer have no interval.")
    if not 0 < level < 1:
        raise InputError(f"expected a level between 0 and 1, got {level}; pass a share such as 0.95.")
    student = stdtrit(patients - 1, (1 + level) / 2)
    return float(ndtr(-math.sqrt(patients / (patients - 1)) * student))


def patient_sums(
    values: Float64[np.ndarray, "rows n"], index: Int64[np.ndarray, " n"], patients: int
) -> tuple[Float64[np.ndarray, "rows patients"], Float64[np.ndarray, "rows patients"]]:
    """Sum and number of each patient's defined windows, for several rows of scores of the same windows.

    Parameters
    ----------
    values : (rows, n) scores, nan where undefined
    index : (n,) number of each window's patient, from 0
    patients : how many there are
    """
    belongs = (index[:, None] == np.arange(patients)).astype(np.float64)
    defined = ~np.isnan(values)
    return np.where(defined, values, 0) @ belongs, defined.astype(np.float64) @ belongs


def drawn_means(
    weights: Int64[np.ndarray, "resamples patients"],
    sums: Float64[np.ndarray, "rows patients"],
    counts: Float64[np.ndarray, "rows patients"],
) -> Float64[np.ndarray, "rows resamples"]:
    """Mean over the drawn patients' defined windows; nan where none of a draw is defined.

    Parameters
    ----------
    weights : (resamples, patients), of `patient_weights`
    sums, counts : (rows, patients), of `patient_sums`
    """
    drawn = weights.T.astype(np.float64)
    with np.errstate(invalid="ignore"):  # none defined is 0 / 0, which is nan
        return (sums @ drawn) / (counts @ drawn)


def row_quantiles(
    drawn: Float64[np.ndarray, "rows resamples"], low: Float64[np.ndarray, " rows"], high: Float64[np.ndarray, " rows"]
) -> Float64[np.ndarray, "rows 2"]:
    """Two quantiles of the defined values of each row; nan where a row has none, or where no quantile is asked for.

    Parameters
    ----------
    drawn : (rows, resamples) resampled values, nan where undefined
    low, high : (rows,) the quantiles, 0 to 1; nan for a row of which none are asked for
    """
    found, undefined = np.full((len(drawn), 2), np.nan), np.isnan(drawn)
    lacking, asked = undefined.any(axis=1), ~np.isnan(low) & ~np.isnan(high) & ~undefined.all(axis=1)
    for row in np.flatnonzero(asked & lacking):
        found[row] = np.quantile(drawn[row][~undefined[row]], [low[row], high[row]])
    for pair in np.unique(np.stack([low, high], axis=1)[asked & ~lacking], axis=0):
        rows = asked & ~lacking & (low == pair[0]) & (high == pair[1])
        found[rows] = np.quantile(drawn[rows], pair, axis=1).T
    return found
