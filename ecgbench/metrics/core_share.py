"""Core share: how much of the attribution lies in the label's beats from P to T."""

from __future__ import annotations

from ecgbench.metrics._regions import ASIDE, region_share
from ecgbench.metrics._registry import METRICS
from ecgbench.types import CORE, Attributions, PerWindow, Regions


@METRICS.register(
    family="waves",
    higher_is_better=True,
    bounds=(0.0, 1.0),
    needs=("regions",),
    atol=1e-6,
    version=1,
    reference="doi:10.1016/j.compbiomed.2024.108525",
    ranked=False,
    aside=ASIDE,
)
def core_share(attributions: Attributions, regions: Regions) -> PerWindow:
    """Share of the absolute attribution in the label's beats from P to T.

    What a beat's own shape says lies here, but not that it comes early or late. Undefined for maps of zeros and windows without a beat of
    their label. Where only R peaks are annotated, a beat is taken to reach from 0.25 s before its peak to 0.4 s behind it, and no
    farther than halfway to its neighbours: the P wave begins up to 0.25 s before, and at 60 bpm the T wave ends 0.4 s behind the peak.

    Parameters
    ----------
    attributions : (n, leads, time)
    regions : (n, leads, time) uint8, 1 from P to T, 2 in the RR intervals beside, 0 elsewhere
    """
    return region_share(attributions, regions, CORE)
