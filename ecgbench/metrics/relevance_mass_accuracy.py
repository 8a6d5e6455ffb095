"""Relevance mass accuracy: with positive attributions alone the same number as attribution localisation."""

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
    reference="doi:10.1016/j.inffus.2021.11.008",
    ranked=False,
    aside="it is the same number as attribution localization",
    chance=area_chance,
    oracle=localisation_oracle("RelevanceMassAccuracy", positive_part=True),
)
def relevance_mass_accuracy(attributions: Attributions, mask: Masks) -> PerWindow:
    """Share of the positive attributions that lies in the mask; undefined for an empty mask and for maps without a positive value.

    Kept beside attribution_localization because the study names both.

    Parameters
    ----------
    attributions : (n, leads, time)
    mask : (n, leads, time) bool
    """
    return positive_mass_share(attributions, mask, stabiliser=0.0)
