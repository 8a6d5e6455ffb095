"""Elsewhere share: how much of the attribution lies neither in the label's beats nor in the RR intervals beside them."""

from __future__ import annotations

from ecgbench.metrics._regions import ASIDE, region_share
from ecgbench.metrics._registry import METRICS
from ecgbench.types import Attributions, PerWindow, Regions


@METRICS.register(
    family="waves",
    higher_is_better=False,
    bounds=(0.0, 1.0),
    needs=("regions",),
    atol=1e-6,
    version=1,
    reference="doi:10.1016/j.compbiomed.2024.108525",
    ranked=False,
    aside=ASIDE,
)
def elsewhere_share(attributions: Attributions, regions: Regions) -> PerWindow:
    """Share of the absolute attribution neither in the label's beats nor in the RR intervals beside them: lower is better.

    Beats reach from P to T (see `core_share`). Undefined for maps of zeros and windows without a beat of their label.

    Parameters
    ----------
    attributions : (n, leads, time)
    regions : (n, leads, time) uint8, 1 from P to T, 2 in the RR intervals beside, 0 elsewhere
    """
    return region_share(attributions, regions, 0)
