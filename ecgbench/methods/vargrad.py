"""VarGrad."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ecgbench.methods._registry import METHODS

if TYPE_CHECKING:
    import torch


@METHODS.register(version=1, reference="arXiv:1810.03307", passes=1, per="copies", needs=("noise_generators", "batch_size"))
def vargrad(
    model: torch.nn.Module,
    x: torch.Tensor,
    target: torch.Tensor,
    noise_generators: Sequence[np.random.Generator],
    batch_size: int,
    copies: int = 25,
    noise: float = 0.1,
) -> torch.Tensor:
    """Variance of the logit's gradient over noisy copies of the window (Adebayo et al. 2018): never negative.

    It is 0 where the model is linear, and the same for the logit and its negative.

    Parameters
    ----------
    noise_generators : one per window, which draws the same noise as for `smoothgrad`
    batch_size : copies per forward pass
    copies : number of noisy copies
    noise : standard deviation of the noise, as a share of that of the window
    """
    from ecgbench.methods._noise import noisy_gradients

    mean, square = noisy_gradients(model, x, target, noise_generators, batch_size, copies, noise)
    return (square - mean**2).clamp(min=0).to(x)
