"""Interval of a mean over windows whose patients, not whose windows, are independent of each other."""

from __future__ import annotations

import numpy as np

from ecgbench.errors import InputError
from ecgbench.types import Names, PerWindow


def mean_interval(
    values: PerWindow, patient: Names, seed: int = 0, resamples: int = 2000, level: float = 0.95
) -> tuple[float | None, float | None]:
    """Percentile bootstrap of the mean over the defined windows, with patients drawn whole and with replacement.

    Parameters
    ----------
    values : (n,) float64 score of each window, nan where undefined
    patient : (n,) str patient of each window
    seed : of the generator that draws the patients
    resamples : number of draws
    level : share of the resampled means that the interval holds, 0 to 1

    Returns
    -------
    Lowest and highest value of the interval; None, None where fewer than two patients have a defined window.

    Raises
    ------
    InputError
        If there isn't one patient per value, or the level is not a share.

    References
    ----------
    Davison & Hinkley 1997, Bootstrap Methods and their Application, section 3.8, doi:10.1017/CBO9780511802843
    """
    if values.shape != patient.shape:
        raise InputError(f"expected one patient per value, got {patient.shape} and {values.shape}; pass arrays of one length.")
    if not 0 < level < 1:
        raise InputError(f"expected a level between 0 and 1, got {level}; pass a share such as 0.95.")
    defined = ~np.isnan(values)
    names, index = np.unique(patient[defined], return_inverse=True)
    if len(names) < 2:
        return None, None
    sums, counts = np.bincount(index, weights=values[defined]), np.bincount(index)
    drawn = np.random.default_rng(seed).integers(len(names), size=(resamples, len(names)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
