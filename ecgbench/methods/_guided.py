"""Guided backpropagation: gradients that pass ReLUs only where they are positive."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import torch

from ecgbench.errors import InputError
from ecgbench.methods.rules.calls import RELU, Function, Rules


class _GuidedReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, guide: GuidedReLUs) -> torch.Tensor:
        ctx.guide = guide
        ctx.save_for_backward(x > 0)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[torch.Tensor, None]:
        (passes,) = ctx.saved_tensors
        gradient: torch.Tensor = gradients[0]
        return (gradient.clamp(min=0) if ctx.guide.clips else gradient) * passes, None


class GuidedReLUs(Rules):
    """A context in which backpropagated gradients are clipped at 0 at every ReLU.

    Attributes
    ----------
    clips : whether gradients are clipped; if not, the result is the ordinary gradient
    """

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__(model)
        self.clips = True
        self._count = 0

    def _guided(self, relu: Function, x: torch.Tensor) -> torch.Tensor:
        self._count += 1
        guided: torch.Tensor = _GuidedReLU.apply(x, self)  # type: ignore[no-untyped-call]
        return guided

    rules = MappingProxyType({RELU: _guided})

    def check_seen(self, logit: torch.Tensor) -> None:
        """Refuse a network whose guided gradient would silently be the ordinary one.

        Raises
        ------
        InputError
            If no ReLU was intercepted, or the graph holds a rectifier that was not.
        """
        if not self._count:
            raise InputError("expected a model that calls nn.ReLU or torch.relu, got one that calls neither; choose another method.")
        if any(name.startswith(("ReluBackward", "Clamp", "Hardtanh", "Maximum", "Threshold")) for name in _operations(logit)):
            raise InputError("expected ReLUs called as nn.ReLU or torch.relu, got one that is computed otherwise; use one of these.")


def _operations(output: torch.Tensor) -> set[str]:
    """Names of the differentiable operations that led to an output."""
    seen, waiting = set(), [output.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            waiting += [before for before, _ in node.next_functions]
    return {node.name() for node in seen}
