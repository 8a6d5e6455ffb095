"""Share of a map's positive attributions that lies in the mask."""

from __future__ import annotations

import numpy as np

from ecgbench.metrics._checks import require_within
from ecgbench.metrics._masks import flat_pair, ratio
from ecgbench.types import Attributions, Masks, PerWindow


def positive_mass_share(attributions: Attributions, mask: Masks, stabiliser: float) -> PerWindow:
    """Positive attributions in the mask over all positive ones; nan for an empty mask and where the denominator is 0.

    Parameters
    ----------
    attributions : (n, leads, time)
    mask : (n, leads, time) bool
    stabiliser : added to the denominator
    """
    require_within("stabiliser", stabiliser, 0.0)
    values, inside = flat_pair(attributions, mask)
    positive = np.maximum(values, 0.0)
    share = ratio(np.where(inside, positive, 0.0).sum(axis=1), positive.sum(axis=1) + stabiliser)
    return np.where(inside.any(axis=1), share, np.nan)
