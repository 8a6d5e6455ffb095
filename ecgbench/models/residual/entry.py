"""What all residual networks declare, without importing torch before one is built."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ecgbench.models._registry import Recognised, Shape

if TYPE_CHECKING:
    import torch

    from ecgbench.models.residual.network import ResNet
    from ecgbench.types import EvaluateSteps


def residual_network(
    outputs: int,
    seed: int,
    blocks: tuple[int, int, int, int],
    kernel: int,
    bottleneck: bool = False,
    width: int = 64,
    leads: int = 1,
) -> ResNet:
    """A freshly initialised residual network (see `ecgbench.models.residual.network.Architecture`)."""
    from ecgbench.models.residual.network import Architecture, build

    return build(Architecture(blocks, kernel, bottleneck, width, leads), outputs, seed)


def _recognise(shapes: Mapping[str, Shape]) -> Recognised | None:
    from ecgbench.models.residual.network import recognised

    return recognised(shapes)


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
        "fine_cam_layer": "layer2",
        "needs": ("seed",),
        "recognise": _recognise,
        "evaluator": _evaluator,
        "compact": _compact,
    }
)
"""What every residual network declares beside its title."""
