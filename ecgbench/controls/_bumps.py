"""Gaussian bumps along a window."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64


def bumps(centres: Int64[np.ndarray, " k"] | Float64[np.ndarray, " k"], width: float, time: int) -> Float64[np.ndarray, " time"]:
    """The highest of Gaussians of height 1 at each of `time` samples; zeros where there are none.

    Parameters
    ----------
    centres : (k,) samples
    width : standard deviation in samples
    """
    distance = np.arange(time) - np.asarray(centres, dtype=np.float64)[:, None]
    highest: Float64[np.ndarray, " time"] = np.exp(-(distance**2) / (2 * width**2)).max(axis=0, initial=0.0)
    return highest
