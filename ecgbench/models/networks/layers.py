"""What several networks are made of. Every activation is a module of its own, used once, because attribution methods hook modules."""

from __future__ import annotations

import torch
from torch import nn


def convolved(inputs: int, outputs: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    """A convolution of odd width that keeps the length, but for its stride, and a batch norm."""
    return [nn.Conv1d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm1d(outputs)]


def activated(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """A convolution of odd width, a batch norm and a ReLU."""
    return nn.Sequential(*convolved(inputs, outputs, kernel, stride), nn.ReLU())


def average_head(channels: int, outputs: int) -> nn.Sequential:
    """The mean over time, and a linear layer."""
    return nn.Sequential(nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(channels, outputs))


class TimeLast(nn.Module):
    """(n, time, channels) -> (n, channels, time)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Exchange the last two axes."""
        return x.transpose(1, 2)


class TimeFirst(nn.Module):
    """(n, channels, time) -> (n, time, channels)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Exchange the last two axes."""
        return x.transpose(1, 2)
