"""XResNet in one dimension with few blocks and channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgbench.models._registry import MODELS
from ecgbench.models.fast import xresnet_evaluator

if TYPE_CHECKING:
    from torch import nn


@MODELS.register(
    version=1,
    reference="doi:10.1109/JBHI.2020.3022989",
    title="XResNet in one dimension with few blocks and channels",
    gradcam_layer="layer4",
    fine_cam_layer="layer2",
    evaluator=xresnet_evaluator,
    recipe={"epochs": 16, "optimizer": "adamw"},
)
def xresnet1d_narrow(leads: int, samples: int, outputs: int) -> nn.Sequential:
    """As XResNet-50 (Strodthoff et al. 2021), small; takes any number of samples."""
    from ecgbench.models.networks.xresnet import xresnet

    return xresnet(leads, outputs, blocks=(1, 1, 2, 2), width=10, hidden=32, dropout=0.1)
