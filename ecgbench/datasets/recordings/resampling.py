"""Leads at another rate, with the places of their annotations."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from jaxtyping import Float32, Int64

from ecgbench.errors import DataError

LARGEST_FACTOR = 10_000
"""Largest factor of resampling, up or down: the filter has twenty times as many taps."""

MOST_SAMPLES = 1 << 30
"""Most values of a resampled signal: a day of twelve leads at 1,000 Hz."""


def ratio_of(found: float, wanted: float, length: int, where: str) -> Fraction:
    """The ratio of two rates, in small whole numbers.

    Parameters
    ----------
    found, wanted : Hz
    length : samples at the rate that was found; over them the ratio is right to half a sample

    Raises
    ------
    DataError
        If there is no such ratio.
    """
    exact = Fraction(repr(float(wanted))) / Fraction(repr(float(found)))
    ratio = exact.limit_denominator(LARGEST_FACTOR)
    if not 0 < ratio.numerator <= LARGEST_FACTOR or abs(ratio - exact) * length >= Fraction(1, 2):
        raise DataError(
            f"expected a rate of {where} that is to {wanted:g} Hz as whole numbers up to {LARGEST_FACTOR} are, got {found:g} Hz; "
            "resample it yourself."
        )
    return ratio


def resampled(signal: Float32[np.ndarray, "leads time"], ratio: Fraction, where: str) -> Float32[np.ndarray, "leads samples"]:
    """The signal at another rate. The filter has no delay: what lies at sample s lies at s * ratio then.

    Parameters
    ----------
    signal : mV
    ratio : of the wanted rate to the signal's
    """
    from scipy.signal import resample_poly

    if signal.size * ratio > MOST_SAMPLES:
        raise DataError(f"expected at most {MOST_SAMPLES} values of {where} after resampling, got more; name a lower rate.")
    up, down = ratio.as_integer_ratio()
    leads = [resample_poly(lead.astype(np.float64), up, down, padtype="line").astype(np.float32) for lead in signal]
    return np.stack(leads)


def moved(sample: Int64[np.ndarray, " annotations"], ratio: Fraction, length: int, longer: int) -> Int64[np.ndarray, " annotations"]:
    """Places of annotations in a resampled signal: the nearest sample of it.

    Parameters
    ----------
    length, longer : samples of the signal before and after; what lay within it still does
    """
    up, down = ratio.as_integer_ratio()
    place = (2 * sample * up + down) // (2 * down)
    nearest: Int64[np.ndarray, " annotations"] = np.minimum(place, np.where(sample < length, longer - 1, longer))
    return nearest
