"""InceptionTime with few filters, at a quarter of the input's rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgbench.models._registry import MODELS

if TYPE_CHECKING:
    from torch import nn


@MODELS.register(
    version=1,
    reference="doi:10.1007/s10618-020-00710-y",
    title="InceptionTime with few filters, at a quarter of the rate",
    gradcam_layer="group2",
    recipe={"optimizer": "adamw"},
)
def inception_time_narrow(leads: int, samples: int, outputs: int) -> nn.Sequential:
    """As InceptionTime (Ismail Fawaz et al. 2020), small; takes any number of samples."""
    from ecgbench.models.networks.inception import inception

    return inception(leads, outputs, groups=2, filters=6, halvings=2)
