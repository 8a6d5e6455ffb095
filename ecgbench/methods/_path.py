"""Gradients on the way from baselines to windows."""

from __future__ import annotations

import numpy as np
import torch

from ecgbench.methods._gradient import all_logits, explained_logit, logit_gradient
from ecgbench.methods._registry import Explanation


def mean_over_baselines(
    model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, baselines: torch.Tensor, steps: int, batch_size: int
) -> Explanation:
    """Mean over baselines (m, leads, time) of integrated gradients from each of them; the total is the mean change of the logit.

    Parameters
    ----------
    steps : nodes of Gauss-Legendre quadrature on each way
    batch_size : rows (windows times baselines times steps) per forward pass
    """
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    at, share = (torch.from_numpy(values).to(x) for values in ((nodes + 1) / 2, weights / 2 / len(baselines)))
    maps, each = torch.zeros_like(x), len(baselines) * steps
    for rows in torch.split(torch.arange(len(x) * each, device=x.device), batch_size):
        window, baseline, step = rows // each, baselines[rows % each // steps], rows % steps
        way = x[window] - baseline
        gradient = logit_gradient(model, baseline + at[step, None, None] * way, target[window])
        maps.index_add_(0, window, share[step, None, None] * gradient * way)
    with torch.no_grad():
        normal = torch.cat([all_logits(model, some) for some in torch.split(baselines, batch_size)]).mean(dim=0)
        return Explanation(maps, explained_logit(model, x, target) - normal[target])
