"""Max-sensitivity: how far noise that leaves the decision as it is moves the map at most."""

from __future__ import annotations

import numpy as np

from ecgbench.metrics._correlation import Values
from ecgbench.metrics._further import ASIDE, maximum, of_pairs
from ecgbench.metrics._registry import METRICS
from ecgbench.metrics._situations import NOISY
from ecgbench.needs import FurtherMaps
from ecgbench.types import Attributions, PerWindow


@METRICS.register(
    family="sanity",
    higher_is_better=False,
    bounds=(0.0, float("inf")),
    needs=("further",),
    atol=1e-3,
    version=1,
    reference="arXiv:1901.09392",
    situation=NOISY,
    by_default=False,
    ranked=False,
    aside=ASIDE,
)
def max_sensitivity(attributions: Attributions, further: FurtherMaps) -> PerWindow:
    """Largest distance of a window's map from those of the window with noise that keeps the decision, as a share of the map's norm.

    Max-sensitivity (Yeh et al. 2019) with the noise of `stability` instead of a uniform one. Of the first 16 windows of which a draw
    counts, since dear methods are asked ten times for each; undefined for the others, and for maps of zeros.

    Parameters
    ----------
    attributions : (n, leads, time)
    further : maps of the windows with noise
    """
    return maximum(of_pairs(attributions, further, _relative_distance))


def _relative_distance(maps: Values, others: Values) -> PerWindow:
    """Norm of each difference over the norm of the map; both relative to the map's largest value, so that no square is too small."""
    largest = np.abs(maps).max(axis=1, keepdims=True, initial=0)
    scale = np.where(largest > 0, largest, 1)
    moved, norm = np.linalg.norm((others - maps) / scale, axis=1), np.linalg.norm(maps / scale, axis=1)
    return np.where(largest[:, 0] > 0, moved / np.where(norm > 0, norm, 1), np.nan)
