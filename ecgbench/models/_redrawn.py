"""A network without what it has learned: all weights re-drawn, batch norms calibrated anew."""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from ecgbench.nn import frozen, place_of
from ecgbench.types import Signals

ROWS = 64
"""Windows that pass through the network at once."""

NORMS = (_BatchNorm, nn.LayerNorm, nn.GroupNorm)


def redrawn(module: nn.Module, seed: int, windows: Signals) -> nn.Module:
    """A copy of a network with weights drawn anew, and batch norms' statistics of windows that pass through it.

    Weights of two axes and more are drawn normal with a variance of 2 over their inputs (He et al. 2015, doi:10.1109/ICCV.2015.123),
    biases are 0, scales 1.

    Parameters
    ----------
    module : in evaluation mode; left as it is
    seed : of the weights
    windows : (m, leads, time), standardised, of the training side
    """
    drawn, generator = copy.deepcopy(module), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for part in drawn.modules():
            if isinstance(part, NORMS):
                part.reset_parameters()
        for name, parameter in _outside_norms(drawn):
            parameter.copy_(_fresh(name, parameter, generator))
    _calibrate(drawn, windows)
    return drawn


def _outside_norms(module: nn.Module) -> list[tuple[str, nn.Parameter]]:
    """Parameters with their names, but for those of norms."""
    found = []
    for part in module.modules():
        if not isinstance(part, NORMS):
            found += list(part.named_parameters(recurse=False))
    return found


def _fresh(name: str, parameter: nn.Parameter, generator: torch.Generator) -> torch.Tensor:
    """New values of a parameter, drawn in double precision on the processor, so that device and precision do not change the draw."""
    if parameter.ndim >= 2:
        values = torch.empty(parameter.shape, dtype=torch.float64)
        return nn.init.kaiming_normal_(values, nonlinearity="relu", generator=generator)
    return torch.full_like(parameter, 0.0 if "bias" in name else 1.0)


def _calibrate(module: nn.Module, windows: Signals) -> None:
    """Let batch norms take the mean of the statistics of all batches of windows."""
    norms = [part for part in module.modules() if isinstance(part, _BatchNorm) and part.track_running_stats]
    if not norms:
        return
    momenta, place = [norm.momentum for norm in norms], place_of(module)
    with frozen(module), torch.no_grad():
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None
            norm.train()
        for first in range(0, len(windows), ROWS):
            module(torch.from_numpy(np.array(windows[first : first + ROWS])).to(place))
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
            norm.eval()
