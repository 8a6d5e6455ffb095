"""Where a flat line's values differ by rounding alone, a map does not depend on the precision."""

import numpy as np
import pytest
import torch
from torch import nn

from ecgbench.methods import explanation

from ..cases import drawn, windows

SEEN = 4
"""Samples of each pool."""


def rounded(norm, pool):
    """A convolution without padding, whose output of a flat line is a constant but for noise as large as a norm makes of rounding."""
    torch.manual_seed(1)
    noise = 1e-5 * torch.randn(1, 4, 58, dtype=torch.float64)

    class Noisy(nn.Module):
        def forward(self, x):
            return x + noise.to(x) if x.dtype == torch.float32 else x

    return drawn(nn.Sequential(nn.Conv1d(2, 4, 7), norm, Noisy(), pool, nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 2)))


@pytest.mark.parametrize("pool", [nn.MaxPool1d(SEEN), nn.AdaptiveMaxPool1d(3)], ids=["pool", "adaptive pool"])
@pytest.mark.parametrize("norm", [nn.Identity(), nn.GroupNorm(2, 4)], ids=["plain", "group norm"])
def test_maps_of_both_precisions_agree(norm, pool):
    model, x = rounded(norm, pool), windows(n=2, leads=2, time=64)
    wanted = explanation(model.double(), x.astype(np.float64), 1, "deep_lift").maps
    found = explanation(model.float(), x.astype(np.float32), 1, "deep_lift").maps
    assert np.abs(found - wanted).max() <= 1e-3 * np.abs(wanted).max()
