"""ResNet-18 in one dimension with squeeze and excitation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgbench.models._registry import MODELS

if TYPE_CHECKING:
    from torch import nn


@MODELS.register(
    version=1,
    reference="doi:10.22489/CinC.2020.112",
    title="ResNet-18 in one dimension with squeeze and excitation",
    gradcam_layer="layer4",
    fine_cam_layer="layer2",
    recipe={"learning_rate": 1e-3, "optimizer": "adamw"},
)
def se_resnet1d(leads: int, samples: int, outputs: int) -> nn.Sequential:
    """Residual network with wide kernels and weighted channels (Zhao et al. 2020); takes any number of samples."""
    from ecgbench.models.networks.squeeze import squeezed_resnet

    return squeezed_resnet(leads, outputs, blocks=(2, 2, 2, 2), width=64)
