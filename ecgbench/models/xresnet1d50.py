"""XResNet-50 in one dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgbench.models._registry import MODELS
from ecgbench.models.fast import xresnet_evaluator

if TYPE_CHECKING:
    from torch import nn


@MODELS.register(
    version=1,
    reference="doi:10.1109/JBHI.2020.3022989",
    title="XResNet-50 in one dimension",
    gradcam_layer="layer4",
    fine_cam_layer="layer2",
    evaluator=xresnet_evaluator,
    recipe={"learning_rate": 1e-3, "optimizer": "adamw"},
)
def xresnet1d50(leads: int, samples: int, outputs: int) -> nn.Sequential:
    """Residual network of PTB-XL's benchmark (Strodthoff et al. 2021); takes any number of samples."""
    from ecgbench.models.networks.xresnet import xresnet

    return xresnet(leads, outputs, blocks=(3, 4, 6, 3), width=64, hidden=128)
