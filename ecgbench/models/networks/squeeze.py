"""A residual network with wide kernels whose channels are weighted by squeeze and excitation.

Zhao et al. 2020, doi:10.22489/CinC.2020.112, second in PhysioNet's Challenge of 2020; squeeze and excitation by Hu et al. 2018,
doi:10.1109/CVPR.2018.00745.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from ecgbench.models.networks.layers import activated, average_head, convolved
from ecgbench.nn import ResidualSum


class SqueezeExcitation(nn.Module):
    """Weights each channel by a gate in 0..1 that depends on the means over time of all channels."""

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        hidden = max(1, channels // reduction)
        first = [nn.AdaptiveAvgPool1d(1), nn.Conv1d(channels, hidden, 1), nn.ReLU()]
        self.gate = nn.Sequential(*first, nn.Conv1d(hidden, channels, 1), nn.Sigmoid())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Weight the channels of (n, channels, time)."""
        weighted: torch.Tensor = x * self.gate(x)
        return weighted


class Block(nn.Module):
    """Two convolutions, squeeze and excitation, and the shortcut around them."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, reduction: int) -> None:
        super().__init__()
        branch = [activated(inputs, outputs, kernel, stride), *convolved(outputs, outputs, kernel)]
        self.branch = nn.Sequential(*branch, SqueezeExcitation(outputs, reduction))
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else nn.Sequential(*convolved(inputs, outputs, 1, stride))
        self.add, self.relu = ResidualSum(), nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Pass (n, channels, time) through the block."""
        summed: torch.Tensor = self.relu(self.add(self.branch(x), self.shortcut(x)))
        return summed


def squeezed_resnet(leads: int, outputs: int, blocks: Sequence[int], width: int, kernel: int = 7, reduction: int = 16) -> nn.Sequential:
    """A freshly initialised network that takes any number of samples.

    Parameters
    ----------
    blocks : of each stage; every stage but the first halves the time and doubles the channels
    width : channels of the first stage
    kernel : width of the blocks' convolutions, in samples; the first one of all is about twice as wide
    reduction : how many channels share a unit of the excitation
    """
    model = nn.Sequential()
    model.add_module("stem", nn.Sequential(*activated(leads, width, 2 * kernel + 1, 2), nn.MaxPool1d(3, 2, 1)))
    inputs = width
    for stage, count in enumerate(blocks):
        layer = nn.Sequential()
        for position in range(count):
            layer.append(Block(inputs, width << stage, kernel, 2 if stage and not position else 1, reduction))
            inputs = width << stage
        model.add_module(f"layer{stage + 1}", layer)
    model.add_module("head", average_head(inputs, outputs))
    return model
