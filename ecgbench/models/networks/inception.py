"""InceptionTime: convolutions of three widths side by side, at the input's rate all the way.

Ismail Fawaz et al. 2020, doi:10.1007/s10618-020-00710-y. One network of the paper's ensemble of five; kernels are a sample shorter than
its 10, 20 and 40, so that each has a middle.
"""

from __future__ import annotations

import torch
from torch import nn

from ecgbench.models.networks.layers import average_head, convolved
from ecgbench.nn import ResidualSum

KERNELS = (39, 19, 9)
"""Widths of the convolutions side by side, in samples."""

EVERY = 3
"""Modules between two sums with a shortcut."""


class Inception(nn.Module):
    """Convolutions of three widths behind a bottleneck, and one behind a max pool, beside each other."""

    def __init__(self, inputs: int, filters: int) -> None:
        super().__init__()
        self.bottleneck = nn.Conv1d(inputs, filters, 1, bias=False) if inputs > 1 else nn.Identity()
        narrow = filters if inputs > 1 else inputs
        self.wide = nn.ModuleList(nn.Conv1d(narrow, filters, kernel, padding=kernel // 2, bias=False) for kernel in KERNELS)
        self.pooled = nn.Sequential(nn.MaxPool1d(3, 1, 1), nn.Conv1d(inputs, filters, 1, bias=False))
        self.norm, self.relu = nn.BatchNorm1d(filters * (len(KERNELS) + 1)), nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Pass (n, channels, time) through the module: (n, 4 filters, time)."""
        narrow = self.bottleneck(x)
        beside = torch.cat([*(convolution(narrow) for convolution in self.wide), self.pooled(x)], dim=1)
        passed: torch.Tensor = self.relu(self.norm(beside))
        return passed


class Group(nn.Module):
    """Three inception modules, and the shortcut around them."""

    def __init__(self, inputs: int, filters: int) -> None:
        super().__init__()
        outputs = 4 * filters
        self.branch = nn.Sequential(*(Inception(outputs if position else inputs, filters) for position in range(EVERY)))
        self.shortcut = nn.Sequential(*convolved(inputs, outputs, 1))
        self.add, self.relu = ResidualSum(), nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Pass (n, channels, time) through the group."""
        summed: torch.Tensor = self.relu(self.add(self.branch(x), self.shortcut(x)))
        return summed


def inception(leads: int, outputs: int, groups: int, filters: int, halvings: int = 0) -> nn.Sequential:
    """A freshly initialised network that takes any number of samples.

    Parameters
    ----------
    groups : of three inception modules
    filters : of each convolution
    halvings : how often the input's rate is halved by an average before the first module; 0 as in the paper
    """
    model = nn.Sequential()
    if halvings:
        model.add_module("average", nn.AvgPool1d(1 << halvings))
    for number in range(groups):
        model.add_module(f"group{number + 1}", Group(4 * filters if number else leads, filters))
    model.add_module("head", average_head(4 * filters, outputs))
    return model
