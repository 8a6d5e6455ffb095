"""Residual network with squeeze and excitation, of few blocks and channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgbench.models._registry import MODELS

if TYPE_CHECKING:
    from torch import nn


@MODELS.register(
    version=1,
    reference="doi:10.22489/CinC.2020.112",
    title="residual network with squeeze and excitation, of few blocks and channels",
    gradcam_layer="layer4",
    fine_cam_layer="layer2",
    recipe={"optimizer": "adamw"},
)
def se_resnet1d_narrow(leads: int, samples: int, outputs: int) -> nn.Sequential:
    """As `se_resnet1d` (Zhao et al. 2020), small; takes any number of samples."""
    from ecgbench.models.networks.squeeze import squeezed_resnet

    return squeezed_resnet(leads, outputs, blocks=(1, 1, 1, 1), width=6, reduction=4)
