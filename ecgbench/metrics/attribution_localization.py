"""Attribution localisation: how much of the positive attribution lies in the mask."""

from __future__ import annotations

from ecgbench.metrics._masks import area_chance
from ecgbench.metrics._mass import positive_mass_share
from ecgbench.metrics._quantus import localisation_oracle
from ecgbench.metrics._registry import METRICS
from ecgbench.types import Attributions, Masks, PerWindow


@METRICS.register(
    family="localisation",
    higher_is_better=True,
    bounds=(0.0, 1.0),
    needs=("mask",),
    atol=1e-6,
    version=1,
    reference="doi:10.1109/IJCNN48605.2020.9206975",
    study={"stabiliser": 1e-9},
    chance=area_chance,
    oracle=localisation_oracle("AttributionLocalisation", positive_attributions=True, abs=False),
)
def attribution_localization(attributions: Attributions, mask: Masks, stabiliser: float = 0.0) -> PerWindow:
    """Share of the positive attributions that lies in the mask; undefined for an empty mask and for maps without a positive value.

    Parameters
    ----------
    attributions : (n, leads, time)
    mask : (n, leads, time) bool
    stabiliser : added to the denominator; any value above 0 makes the score of a map without a positive value 0
    """
    return positive_mass_share(attributions, mask, stabiliser)
