"""Gradients along straight ways to a window."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from ecgbench.inputs import at_least
from ecgbench.methods._gradient import logit_gradient
from ecgbench.methods._promises import MASS

Point = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""From shares of the way (rows, 1, 1) and the rows' windows (rows,) to where they are: (rows, leads, time)."""


MOST_PIECES = 64
"""Pieces of the way at most, where more are taken until maps meet their sums."""


def mean_gradient(
    model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, point: Point, batch_size: int, steps: int, pieces: int = 1
) -> torch.Tensor:
    """Mean gradient of the target's logit on the way to each window, by Gauss-Legendre quadrature: (n, leads, time).

    Parameters
    ----------
    point : where a share of the way is
    batch_size : rows (windows times steps) per forward pass
    steps : number of the quadrature's nodes in each piece
    pieces : equal parts of the way, each with a quadrature of its own
    """
    nodes, weights = np.polynomial.legendre.leggauss(at_least("steps", steps))
    at = torch.from_numpy(((np.arange(pieces)[:, None] + (nodes + 1) / 2) / pieces).ravel()).to(x)
    share = torch.from_numpy(np.tile(weights / 2 / pieces, pieces)).to(x)
    mean, steps = torch.zeros_like(x), steps * pieces
    for rows in torch.split(torch.arange(len(x) * steps, device=x.device), batch_size):
        window, step = rows // steps, rows % steps
        gradient = logit_gradient(model, point(at[step, None, None], window), target[window])
        mean.index_add_(0, window, share[step, None, None] * gradient)
    return mean


def grown_gradient(
    mean_of: Callable[[torch.Tensor, int], torch.Tensor], way: torch.Tensor, total: torch.Tensor, within: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean gradients on ways in as many pieces as each window's map needs to meet its sum, and how many these are: (n,).

    Pieces are doubled up to `MOST_PIECES`, for those windows alone whose sums are missed: no window's map depends on those beside it.

    Parameters
    ----------
    mean_of : the mean gradients of some windows (k,) on ways in so many pieces
    way : (n, leads, time), by which the gradient is multiplied
    total : (n,) what the maps must sum to
    within : largest error of a sum, as a share of the total
    """
    missing = torch.arange(len(way), device=way.device)
    mean, taken, pieces = mean_of(missing, 1), torch.ones_like(missing), 1
    while pieces < MOST_PIECES:
        maps = (mean * way)[missing].flatten(1).double()
        off, mass = (maps.sum(dim=1) - total[missing]).abs(), maps.abs().sum(dim=1)
        missing, pieces = missing[off > within * total[missing].abs() + MASS * mass], 2 * pieces
        if not len(missing):
            break
        mean[missing], taken[missing] = mean_of(missing, pieces), pieces
    return mean, taken
