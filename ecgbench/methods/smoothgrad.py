"""SmoothGrad."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ecgbench.methods._registry import METHODS

if TYPE_CHECKING:
    import torch


@METHODS.register(version=1, reference="arXiv:1706.03825", passes=1, per="copies", needs=("noise_generators", "batch_size"))
def smoothgrad(
    model: torch.nn.Module,
    x: torch.Tensor,
    target: torch.Tensor,
    noise_generators: Sequence[np.random.Generator],
    batch_size: int,
    copies: int = 25,
    noise: float = 0.1,
) -> torch.Tensor:
    """Mean gradient of the logit over noisy copies of the window (Smilkov et al. 2017).

    Parameters
    ----------
    noise_generators : one per window, which draws the same noise as for `vargrad`
    batch_size : copies per forward pass
    copies : number of noisy copies
    noise : standard deviation of the noise, as a share of that of the window
    """
    from ecgbench.methods._noise import noisy_gradients

    mean, _ = noisy_gradients(model, x, target, noise_generators, batch_size, copies, noise)
    return mean.to(x)
