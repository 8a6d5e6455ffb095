"""Guided backpropagation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgbench.methods._registry import METHODS

if TYPE_CHECKING:
    import torch


@METHODS.register(version=1, reference="arXiv:1412.6806", passes=1)
def guided_backprop(model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Gradient of the logit, clipped at 0 on its way back through every ReLU (Springenberg et al. 2014).

    It hardly depends on the class that it explains.
    """
    from ecgbench.methods._gradient import explained_logit, gradient_of
    from ecgbench.methods._guided import GuidedReLUs

    x = x.detach().requires_grad_(True)
    with GuidedReLUs(model, len(x)) as relus:
        logit = explained_logit(model, x, target)
    relus.check_seen(logit, "guided_backprop")
    return gradient_of(logit, x)
