"""ResNet-18 with kernels of 5 samples, on every lead with shared weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgbench.models._registry import MODELS
from ecgbench.models.residual.entry import RESIDUAL, residual_network

if TYPE_CHECKING:
    from ecgbench.models.residual.network import ResNet


@MODELS.register(version=1, title="ResNet-18 with kernels of 5 samples", **RESIDUAL)
def resnet18_5(leads: int, samples: int, outputs: int, seed: int) -> ResNet:
    """Residual network (He et al. 2016); takes any number of leads and samples."""
    return residual_network(outputs, seed, blocks=(2, 2, 2, 2), kernel=5)
