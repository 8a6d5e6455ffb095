"""The residual networks' own evaluator: without dead channels, computing only what a perturbation changes."""

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

    if not as_built(model):
        return None
    smaller = compact(model)
    return Evaluator(smaller, Incremental(smaller))
