"""Evaluators that compute only what a perturbation changes: of the residual networks, without their dead channels, and of XResNets."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from ecgbench.types import EvaluateSteps


def incremental_evaluator(model: torch.nn.Module) -> EvaluateSteps | None:
    """What follows a residual network's rows incrementally; None for a network that is not as the package builds it."""
    from ecgbench.models._evaluate import Evaluator
    from ecgbench.models.fast.compact import as_built, compact
    from ecgbench.models.fast.incremental import Incremental
    from ecgbench.models.fast.layers import Residual

    if not as_built(model):
        return None
    smaller = compact(model)
    return Evaluator(smaller, Incremental(Residual(smaller)))


def xresnet_evaluator(model: torch.nn.Module) -> EvaluateSteps | None:
    """What follows an XResNet's rows incrementally; None for a network that is not made of an XResNet's parts alone."""
    import copy

    from ecgbench.models._evaluate import Evaluator
    from ecgbench.models.fast.incremental import Incremental
    from ecgbench.models.fast.xresnet import XResNet, is_xresnet

    if not is_xresnet(model):
        return None
    still = copy.deepcopy(model).eval()
    return Evaluator(still, Incremental(XResNet(still)))
