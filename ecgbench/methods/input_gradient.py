"""Input times gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgbench.methods._registry import METHODS

if TYPE_CHECKING:
    import torch


@METHODS.register(version=1, reference="arXiv:1605.01713", passes=1)
def input_gradient(model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The window times the gradient of its logit (Shrikumar et al. 2016). Not complete: biases keep their share."""
    from ecgbench.methods._gradient import logit_gradient

    return x * logit_gradient(model, x, target)
