"""What all residual networks declare, without importing torch before one is built."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

    from ecgbench.models._residual import ResNet
    from ecgbench.types import EvaluateSteps


def residual_network(
    outputs: int, seed: int, blocks: tuple[int, int, int, int], kernel: int, bottleneck: bool = False, width: int = 64
) -> ResNet:
    """A freshly initialised residual network (see `ecgbench.models._residual.Architecture`)."""
    from ecgbench.models._residual import Architecture, build

    return build(Architecture(blocks, kernel, bottleneck, width), outputs, seed)


def _from_weights(tensors: Mapping[str, np.ndarray]) -> ResNet | None:
    from ecgbench.models._residual import from_weights

    return from_weights(tensors)


def _evaluator(model: torch.nn.Module) -> EvaluateSteps | None:
    from ecgbench.models.fast import incremental_evaluator

    return incremental_evaluator(model)


def _compact(model: torch.nn.Module) -> torch.nn.Module:
    from ecgbench.models.fast.compact import compact

    return compact(model)


RESIDUAL: Mapping[str, Any] = MappingProxyType(
    {
        "reference": "doi:10.1109/CVPR.2016.90",
        "gradcam_layer": "layer4",
        "needs": ("seed",),
        "from_weights": _from_weights,
        "evaluator": _evaluator,
        "compact": _compact,
    }
)
"""What every residual network declares beside its title."""
