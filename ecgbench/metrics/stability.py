"""Stability: does noise that leaves the decision as it is leave the map as it is."""

from __future__ import annotations

from ecgbench.metrics._further import ASIDE, correlations, median, of_pairs
from ecgbench.metrics._registry import METRICS
from ecgbench.metrics._situations import NOISY
from ecgbench.needs import FurtherMaps
from ecgbench.types import Attributions, PerWindow


@METRICS.register(
    family="sanity",
    higher_is_better=False,
    bounds=(0.0, 2.0),
    needs=("further",),
    atol=1e-3,
    version=1,
    reference="arXiv:1806.08049",
    situation=NOISY,
    by_default=False,
    ranked=False,
    aside=ASIDE,
)
def stability(attributions: Attributions, further: FurtherMaps) -> PerWindow:
    """Median of one minus the correlation of a window's map with those of the window with noise, of the draws that keep the decision.

    Ten draws of baseline wander and muscle noise, 20 dB below the signal, such as any record has; a draw counts if it changes the explained
    logit by less than a tenth of it. Of the first 16 windows of which a draw counts, since dear methods are asked ten times for each;
    undefined for the others, and where maps are constant.

    Parameters
    ----------
    attributions : (n, leads, time)
    further : maps of the windows with noise
    """
    return median(of_pairs(attributions, further, lambda maps, others: 1 - correlations(maps, others)))
