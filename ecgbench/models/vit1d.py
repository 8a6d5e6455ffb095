"""Vision transformer in one dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgbench.models._registry import MODELS

if TYPE_CHECKING:
    from torch import nn


@MODELS.register(
    version=1,
    reference="arXiv:2010.11929",
    title="vision transformer in one dimension",
    gradcam_layer="features",
    recipe={"learning_rate": 1e-3, "optimizer": "adamw"},
)
def vit1d(leads: int, samples: int, outputs: int) -> nn.Sequential:
    """As many layers, heads and features as ViT-Tiny, behind strided convolutions (Dosovitskiy et al. 2021)."""
    from ecgbench.models.networks.transformer import Size, transformer

    return transformer(leads, samples, outputs, Size(stem=(32, 64, 128, 192), kernel=9, features=192, depth=12, heads=3, hidden=768))
