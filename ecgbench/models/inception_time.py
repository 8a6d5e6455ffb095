"""InceptionTime."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgbench.models._registry import MODELS

if TYPE_CHECKING:
    from torch import nn


@MODELS.register(
    version=1,
    reference="doi:10.1007/s10618-020-00710-y",
    title="InceptionTime, one network of the ensemble",
    gradcam_layer="group2",
    recipe={"learning_rate": 1e-3, "optimizer": "adamw"},
)
def inception_time(leads: int, samples: int, outputs: int) -> nn.Sequential:
    """Six inception modules and two shortcuts (Ismail Fawaz et al. 2020); takes any number of samples."""
    from ecgbench.models.networks.inception import inception

    return inception(leads, outputs, groups=2, filters=32)
