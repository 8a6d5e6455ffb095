"""Saliency: the gradient of the explained logit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgbench.methods._registry import METHODS

if TYPE_CHECKING:
    import torch


@METHODS.register(version=1, reference="arXiv:1312.6034", passes=1)
def saliency(model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Signed gradient of the logit (Simonyan et al. 2013)."""
    from ecgbench.methods._gradient import logit_gradient

    return logit_gradient(model, x, target)
