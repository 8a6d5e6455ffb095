"""Gini index: how unequally a map shares out its attribution."""

from __future__ import annotations

import numpy as np

from ecgbench.metrics._quantus import sparseness
from ecgbench.metrics._registry import METRICS
from ecgbench.metrics._shares import shares
from ecgbench.types import Attributions, PerWindow


@METRICS.register(
    family="complexity",
    higher_is_better=True,
    bounds=(0.0, 1.0),
    needs=(),
    atol=1e-6,
    version=1,
    reference="arXiv:1810.06583",
    oracle=sparseness,
)
def gini(attributions: Attributions) -> PerWindow:
    """Gini index of the absolute attributions of all samples and leads (Chalasani et al. 2020): 0 for an even map, near 1 for few values.

    With d values in ascending order, each as a share of their sum, it is the sum of (2 k - d - 1) / d times the k-th share. A map of a
    single value of d has 1 - 1 / d. Undefined for maps of zeros. It says nothing of whether the map is right.

    Parameters
    ----------
    attributions : (n, leads, time)
    """
    found = np.sort(shares(attributions), axis=1)
    count = found.shape[1]
    weights = (2 * np.arange(1, count + 1) - count - 1) / count
    # Rounding may leave an even map a little below 0.
    index: PerWindow = np.maximum((found * weights).sum(axis=1), 0.0)
    return index
