"""Guided backpropagation: gradients that pass ReLUs only where they are positive.

Every ReLU that the forward pass calls is replaced on the way, as a module or as a function, in place or not, so none is overlooked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from ecgbench.errors import InputError
from ecgbench.methods._gradient import logit_gradient

_RELUS = (torch.nn.functional.relu, torch.relu, torch.Tensor.relu)
_IN_PLACE = (torch.relu_, torch.Tensor.relu_, torch.nn.functional.relu_)


class _GuidedReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x > 0)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> torch.Tensor:
        (passes,) = ctx.saved_tensors
        gradient: torch.Tensor = gradients[0]
        guided: torch.Tensor = gradient.clamp(min=0) * passes
        return guided


class _GuidedReLUs(TorchFunctionMode):
    """Replaces ReLUs while it is active, and counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_function__(self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        in_place = function in _IN_PLACE or bool(kwargs.get("inplace"))
        if function not in _RELUS + _IN_PLACE:
            return function(*args, **kwargs)
        self.count += 1
        x = args[0] if args else kwargs["input"]
        guided = _GuidedReLU.apply(x)  # type: ignore[no-untyped-call]
        # Whoever else holds x must see it rectified, as the model meant it.
        return x.copy_(guided) if in_place else guided


def guided_gradient(model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Gradient of the target's logit, clipped at 0 on its way back through every ReLU: (n, leads, time).

    Raises
    ------
    InputError
        If the model has no ReLU (the method would silently be the plain gradient).
    """
    with _GuidedReLUs() as relus:
        gradient = logit_gradient(model, x, target)
    if not relus.count:
        raise InputError("expected a model with ReLUs, got one without any that can be seen; choose another method.")
    return gradient
