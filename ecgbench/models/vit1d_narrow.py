"""Vision transformer in one dimension with few layers and features."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgbench.models._registry import MODELS

if TYPE_CHECKING:
    from torch import nn


@MODELS.register(
    version=1,
    reference="arXiv:2010.11929",
    title="vision transformer in one dimension with few layers and features",
    gradcam_layer="features",
    recipe={"learning_rate": 3e-3, "epochs": 32, "weight_decay": 0.1, "optimizer": "adamw"},
)
def vit1d_narrow(leads: int, samples: int, outputs: int) -> nn.Sequential:
    """As `vit1d` (Dosovitskiy et al. 2021), small."""
    from ecgbench.models.networks.transformer import Size, transformer

    return transformer(leads, samples, outputs, Size(stem=(8, 16, 24, 24), kernel=15, features=24, depth=2, heads=4, hidden=48))
