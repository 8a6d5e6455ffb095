"""Gradients at noisy copies of windows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from ecgbench.inputs import at_least
from ecgbench.methods._gradient import logit_gradient
from ecgbench.placement import sent


def noisy_gradients(
    model: torch.nn.Module,
    x: torch.Tensor,
    target: torch.Tensor,
    generators: Sequence[np.random.Generator],
    batch_size: int,
    copies: int,
    noise: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Means over copies of a window of the logit's gradient and of its square: (n, leads, time) float64 each.

    Parameters
    ----------
    generators : one per window, which draws its copies one after the other
    batch_size : copies per forward pass
    noise : standard deviation of the noise, as a share of that of the window
    """
    at_least("copies", copies)
    deviation = noise * x.double().std(dim=(1, 2), correction=0)
    first, second = (torch.zeros_like(x, dtype=torch.float64) for _ in range(2))
    for first_row in range(0, len(x) * copies, batch_size):
        of_rows = np.arange(first_row, min(first_row + batch_size, len(x) * copies)) // copies
        drawn = np.stack([generators[i].standard_normal(x.shape[1:]) for i in of_rows.tolist()])
        window = sent(of_rows, x.device)
        added = deviation[window, None, None] * sent(drawn, x.device)
        gradient = logit_gradient(model, x[window] + added.to(x), target[window]).double()
        first.index_add_(0, window, gradient)
        second.index_add_(0, window, gradient**2)
    return first / copies, second / copies
