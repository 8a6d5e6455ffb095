"""Integrated gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ecgbench.inputs import at_least
from ecgbench.methods._registry import METHODS, Explanation

if TYPE_CHECKING:
    import torch


@METHODS.register(version=1, reference="arXiv:1703.01365", passes=1, per="steps", needs=("batch_size",), sum_within=0.1)
def integrated_gradients(model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, batch_size: int, steps: int = 50) -> Explanation:
    """Mean gradient on the way from a flat line, times the window (Sundararajan et al. 2017), by Gauss-Legendre quadrature.

    Parameters
    ----------
    batch_size : rows (windows times steps) per forward pass
    steps : number of the quadrature's nodes
    """
    import torch

    from ecgbench.methods._gradient import change_of_logit, logit_gradient

    nodes, weights = np.polynomial.legendre.leggauss(at_least("steps", steps))
    at = torch.from_numpy((nodes + 1) / 2).to(x)
    share = torch.from_numpy(weights / 2).to(x)
    mean = torch.zeros_like(x)
    for rows in torch.split(torch.arange(len(x) * steps, device=x.device), batch_size):
        window, step = rows // steps, rows % steps
        gradient = logit_gradient(model, at[step, None, None] * x[window], target[window])
        mean.index_add_(0, window, share[step, None, None] * gradient)
    return Explanation(mean * x, change_of_logit(model, x, target))
