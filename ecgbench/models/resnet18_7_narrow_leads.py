"""ResNet-18 with kernels of 7 samples and a tenth of the channels, whose last layer tells leads apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgbench.models._registry import MODELS
from ecgbench.models.residual.entry import RESIDUAL, residual_network

if TYPE_CHECKING:
    from ecgbench.models.residual.network import ResNet


@MODELS.register(version=1, title="the narrow ResNet-18 with a last layer that tells leads apart", **RESIDUAL)
def resnet18_7_narrow_leads(leads: int, samples: int, outputs: int, seed: int) -> ResNet:
    """Residual network (He et al. 2016) with shared filters, whose averages over time go to the last layer lead by lead."""
    return residual_network(outputs, seed, blocks=(2, 2, 2, 2), kernel=7, width=6, leads=leads)
