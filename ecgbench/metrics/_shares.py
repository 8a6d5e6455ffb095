"""The share of each value in a map's absolute attribution."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from ecgbench.metrics._checks import flat_maps
from ecgbench.types import Attributions


def shares(attributions: Attributions) -> Float64[np.ndarray, "n size"]:
    """Absolute values (n, leads * time) over their sum; nan throughout for maps of zeros.

    Raises
    ------
    InputError
        If the maps are not finite.
    """
    size = np.abs(flat_maps(attributions))
    # Scaled to a largest value of 1, since the sum of huge values overflows.
    largest = size.max(axis=1, keepdims=True)
    scaled = size / np.where(largest > 0, largest, np.nan)
    found: Float64[np.ndarray, "n size"] = scaled / scaled.sum(axis=1, keepdims=True)
    return found
