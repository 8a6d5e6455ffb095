"""Duration 90: how much of the signal holds nine tenths of a map."""

from __future__ import annotations

import numpy as np

from ecgbench.metrics._registry import METRICS
from ecgbench.metrics._shares import shares
from ecgbench.types import Attributions, PerWindow

HELD = 0.9
"""Share of the absolute attribution that is held."""


@METRICS.register(
    family="complexity",
    higher_is_better=False,
    bounds=(0.0, np.inf),
    needs=("fs",),
    atol=1e-3,
    version=1,
    reference="arXiv:1810.06583",
)
def duration_90(attributions: Attributions, fs: float) -> PerWindow:
    """Seconds of signal, the fewest, that hold 90 % of the absolute attribution of all leads: what a reader would have to look at.

    A moment counts for all leads at once. An even map needs nine tenths of the window's duration, a map of a single sample 1 / fs.
    Undefined for maps of zeros. It says nothing of whether the map is right. After the complexity of Chalasani et al. (2020), in seconds.

    Parameters
    ----------
    attributions : (n, leads, time)
    fs : Hz
    """
    moments = shares(attributions).reshape(attributions.shape).sum(axis=1)
    held = np.sort(moments, axis=1)[:, ::-1].cumsum(axis=1)
    # Ties at nine tenths must not depend on the last bit of a sum.
    samples = 1 + (held < HELD - 1e-9).sum(axis=1)
    return np.where(np.isnan(held).any(axis=1), np.nan, samples / fs)
