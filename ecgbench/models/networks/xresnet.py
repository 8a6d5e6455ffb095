"""XResNet in one dimension: a stem of three convolutions, shortcuts that average before they project, and a head of two pools.

Strodthoff et al. 2021, doi:10.1109/JBHI.2020.3022989, after He et al. 2019, "Bag of tricks", doi:10.1109/CVPR.2019.00065.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from ecgbench.models.networks.layers import activated, convolved
from ecgbench.nn import ResidualSum

EXPANSION = 4
"""How many times more channels leave a block than its middle convolution has."""


class Block(nn.Module):
    """Three convolutions (1, kernel, 1), and the shortcut around them."""

    def __init__(self, inputs: int, width: int, kernel: int, stride: int) -> None:
        super().__init__()
        outputs = width * EXPANSION
        self.branch = nn.Sequential(activated(inputs, width, 1), activated(width, width, kernel, stride), *convolved(width, outputs, 1))
        halved = [nn.AvgPool1d(2, ceil_mode=True)] if stride == 2 else []
        self.shortcut = nn.Sequential(*halved, *(convolved(inputs, outputs, 1) if inputs != outputs else []))
        self.add, self.relu = ResidualSum(), nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Pass (n, channels, time) through the block."""
        summed: torch.Tensor = self.relu(self.add(self.branch(x), self.shortcut(x)))
        return summed


class TwoPools(nn.Module):
    """Mean and largest value over time: (n, channels, time) -> (n, 2 channels)."""

    def __init__(self) -> None:
        super().__init__()
        self.mean, self.largest = nn.AdaptiveAvgPool1d(1), nn.AdaptiveMaxPool1d(1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Pool (n, channels, time)."""
        return torch.cat([self.mean(x), self.largest(x)], dim=1).flatten(1)


def xresnet(
    leads: int, outputs: int, blocks: Sequence[int], width: int, hidden: int, dropout: float = 0.5, kernel: int = 5
) -> nn.Sequential:
    """A freshly initialised network that takes any number of samples.

    Parameters
    ----------
    blocks : of each stage; every stage but the first halves the time
    width : channels of the blocks' middle convolutions, in all stages
    hidden : units of the layer before the last
    dropout : probability before the last layer, and half of it before the layer before
    kernel : width of the convolutions, in samples
    """
    model, half = nn.Sequential(), width // 2
    model.add_module(
        "stem", nn.Sequential(activated(leads, half, kernel, 2), activated(half, half, kernel), activated(half, width, kernel))
    )
    model.add_module("maxpool", nn.MaxPool1d(3, 2, 1))
    inputs = width
    for stage, count in enumerate(blocks):
        layer = nn.Sequential()
        for position in range(count):
            layer.append(Block(inputs, width, kernel, stride=2 if stage and not position else 1))
            inputs = width * EXPANSION
        model.add_module(f"layer{stage + 1}", layer)
    model.add_module("head", _head(2 * inputs, hidden, outputs, dropout))
    return model


def _head(channels: int, hidden: int, outputs: int, dropout: float) -> nn.Sequential:
    first = [nn.BatchNorm1d(channels), nn.Dropout(dropout / 2), nn.Linear(channels, hidden), nn.ReLU()]
    return nn.Sequential(TwoPools(), *first, nn.BatchNorm1d(hidden), nn.Dropout(dropout), nn.Linear(hidden, outputs))
