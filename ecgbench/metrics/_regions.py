"""Share of a map's absolute attribution that lies in one region of the ECG."""

from __future__ import annotations

import numpy as np

from ecgbench.metrics._checks import flat_maps, require_shape
from ecgbench.metrics._masks import ratio
from ecgbench.types import CORE, Attributions, PerWindow, Regions

ASIDE = "where the attribution should be is a question of the label and the model, which shares by themselves do not answer"
"""Why no share of a region counts for a place."""


def region_share(attributions: Attributions, regions: Regions, region: int) -> PerWindow:
    """Absolute attribution in a region over all of it; nan for maps of zeros and for windows without a beat of their label.

    Parameters
    ----------
    attributions : (n, leads, time)
    regions : (n, leads, time), see `ecgbench.types.Regions`
    region : 0, `CORE` or `RHYTHM`
    """
    size = np.abs(flat_maps(attributions))
    require_shape("regions", regions, attributions.shape)
    flat = regions.reshape(size.shape)
    # Scaled to a largest value of 1, since the sum of huge values overflows.
    largest = size.max(axis=1, keepdims=True, initial=0)
    scaled = size / np.where(largest > 0, largest, 1)
    share = ratio(np.where(flat == region, scaled, 0).sum(axis=1), scaled.sum(axis=1))
    return np.where((flat == CORE).any(axis=1), share, np.nan)
