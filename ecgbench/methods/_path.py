"""Gradients along straight ways to a window."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from ecgbench.inputs import at_least
from ecgbench.methods._gradient import logit_gradient

Point = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""From shares of the way (rows, 1, 1) and the rows' windows (rows,) to where they are: (rows, leads, time)."""


def mean_gradient(model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, point: Point, batch_size: int, steps: int) -> torch.Tensor:
    """Mean gradient of the target's logit on the way to each window, by Gauss-Legendre quadrature: (n, leads, time).

    Parameters
    ----------
    point : where a share of the way is
    batch_size : rows (windows times steps) per forward pass
    steps : number of the quadrature's nodes
    """
    nodes, weights = np.polynomial.legendre.leggauss(at_least("steps", steps))
    at = torch.from_numpy((nodes + 1) / 2).to(x)
    share = torch.from_numpy(weights / 2).to(x)
    mean = torch.zeros_like(x)
    for rows in torch.split(torch.arange(len(x) * steps, device=x.device), batch_size):
        window, step = rows // steps, rows % steps
        gradient = logit_gradient(model, point(at[step, None, None], window), target[window])
        mean.index_add_(0, window, share[step, None, None] * gradient)
    return mean
