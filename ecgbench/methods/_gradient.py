"""Gradients of the explained logit."""

from __future__ import annotations

import torch

from ecgbench.errors import InputError
from ecgbench.nn import logits_of


def explained_logit(model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The target's logit of every window: (n,). The model gets a copy of `x`, which it may write into."""
    return logits_of_target(all_logits(model, x), target)


def all_logits(model: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Logits (n, outputs) of windows. The model gets a copy of `x`, which it may write into.

    Raises
    ------
    InputError
        If the model does not return logits of this shape.
    """
    return logits_of(model, x.clone())


def logits_of_target(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Each window's logit of its target, out of logits (n, outputs): (n,).

    Raises
    ------
    InputError
        If a target is not the index of an output.
    """
    if not target.is_cuda:  # a card would be waited for: who sends targets there has checked them
        check_targets(int(target.min()), int(target.max()), logits.shape[1])
    return logits.gather(1, target.unsqueeze(1)).squeeze(1)


def check_targets(least: int, most: int, outputs: int) -> None:
    """Refuse targets that are not indices of outputs.

    Raises
    ------
    InputError
        If the least or the most is none.
    """
    if least < 0 or most >= outputs:
        raise InputError(f"expected targets within 0..{outputs - 1}, got {least}..{most}; name outputs of the model.")


def logit_gradient(model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Gradient of the target's logit with respect to the window: (n, leads, time)."""
    x = x.detach().requires_grad_(True)
    return gradient_of(explained_logit(model, x, target), x)


def gradient_of(logit: torch.Tensor, values: torch.Tensor, keep: bool = False) -> torch.Tensor:
    """Gradient of the windows' logits (n,) with respect to the windows, or to intermediate values.

    Parameters
    ----------
    keep : whether to keep the graph for another gradient

    Raises
    ------
    InputError
        If the logit is not differentiable or does not depend on the values.
    """
    if not logit.requires_grad:
        raise InputError(
            "expected a model that can be differentiated, got logits without a gradient; remove no_grad and detach from its forward pass."
        )
    (gradient,) = torch.autograd.grad(logit.sum(), values, retain_graph=keep, allow_unused=True)
    if gradient is None:
        raise InputError("expected values that the logit depends on, got some that it does not; name another layer, or check the model.")
    return gradient


def change_of_logit(model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, baseline: torch.Tensor) -> torch.Tensor:
    """The target's logit less that of a baseline (n or 1, leads, time): (n,); the total of maps that are complete."""
    with torch.no_grad():
        before = all_logits(model, baseline)
        return explained_logit(model, x, target) - logits_of_target(before.expand(len(x), -1), target)
