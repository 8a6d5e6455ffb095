"""Contrast: is the map about this class, or about the signal."""

from __future__ import annotations

import numpy as np

from ecgbench.metrics._further import ASIDE, correlations, mean, of_pairs
from ecgbench.metrics._registry import METRICS
from ecgbench.metrics._situations import RUNNER_UP
from ecgbench.needs import FurtherMaps
from ecgbench.types import Attributions, PerWindow


@METRICS.register(
    family="sanity",
    higher_is_better=True,
    bounds=(0.0, 1.0),
    needs=("further",),
    atol=1e-3,
    version=1,
    reference="arXiv:1912.09818",
    situation=RUNNER_UP,
    by_default=False,
    ranked=False,
    aside=ASIDE,
)
def contrast(attributions: Attributions, further: FurtherMaps) -> PerWindow:
    """One minus the absolute correlation of the map with that of the class which the model holds for the second most likely.

    The test of a random logit (Sixt et al. 2020) with the runner-up instead of a random class. Of the first 16 windows, as the other checks
    by further maps; undefined for the others, for models of one output, and where maps are constant.

    Parameters
    ----------
    attributions : (n, leads, time)
    further : maps of the runner-up
    """
    return 1 - mean(np.abs(of_pairs(attributions, further, correlations)))
