"""False mass: how much of a map lies where nothing changes between window and twin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgbench.metrics._checks import flat_maps, require_shape
from ecgbench.metrics._exchange import SHARED, qualification, qualifies
from ecgbench.metrics._masks import ratio
from ecgbench.metrics._registry import METRICS
from ecgbench.metrics._twins import grid_of
from ecgbench.types import Attributions, PerWindow, Rows


@METRICS.register(
    family="causal",
    higher_is_better=False,
    bounds=(0.0, np.inf),
    needs=("x", "twin", "fs", "shared"),
    atol=1e-5,
    version=1,
    reference="arXiv:2306.12816",
    shared=qualification,
    shared_as=SHARED,
    passes=lambda samples: 2,
)
def false_mass(attributions: Attributions, x: Rows, twin: Rows, fs: float, shared: Mapping[str, NDArray[Any]]) -> PerWindow:
    """Share of the absolute attribution on patches that are equal in window and twin, over their share of the window: lower is better.

    1 is what a map has that spreads evenly, 0 one that keeps to what the twin changes. After the false positives of XAI-TRIS (Clark et al.
    2024). Undefined for windows that don't qualify (see `twin_agreement`), for maps of zeros, and where every patch changes.

    Parameters
    ----------
    attributions, x, twin : (n, leads, time)
    fs : Hz; a patch is 0.1 s of all leads, of more than three leads of three neighbours
    shared : what `qualification` returned for these windows
    """
    size = np.abs(flat_maps(attributions)).reshape(attributions.shape)
    require_shape("x", x, attributions.shape)
    grid = grid_of(x, fs)
    equal = ~grid.players(x, twin)
    # Scaled to a largest value of 1, since the sum of huge values overflows.
    largest = size.max(axis=(1, 2), keepdims=True, initial=0)
    mass = grid.sums(size / np.where(largest > 0, largest, 1))
    extent = grid.sums(np.ones_like(size))
    share = ratio(np.where(equal, mass, 0).sum(axis=1), mass.sum(axis=1))
    chance = np.where(equal, extent, 0).sum(axis=1) / extent.sum(axis=1)
    return np.where(qualifies(shared), ratio(share, chance), np.nan)
