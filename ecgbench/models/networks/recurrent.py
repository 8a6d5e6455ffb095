"""Convolutions and max pools, then an LSTM over what is left of the time (Oh et al. 2018, doi:10.1016/j.compbiomed.2018.06.002)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from ecgbench.models.networks.layers import TimeFirst, TimeLast, activated, average_head


class Recurrent(nn.Module):
    """An LSTM on (n, channels, time), whose states at all times leave it as (n, units, time)."""

    def __init__(self, channels: int, units: int) -> None:
        super().__init__()
        self.time_first, self.time_last = TimeFirst(), TimeLast()
        self.lstm = nn.LSTM(channels, units, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """States of the LSTM at all times of (n, channels, time)."""
        states, _ = self.lstm(self.time_first(x))
        last: torch.Tensor = self.time_last(states)
        return last


def cnn_and_lstm(leads: int, outputs: int, channels: Sequence[int], units: int, kernel: int = 7) -> nn.Sequential:
    """A freshly initialised network that takes any number of samples; the last layer is given the mean of the LSTM's states.

    Parameters
    ----------
    channels : of each convolution, behind which a max pool halves the time
    units : of the LSTM
    kernel : width of the convolutions, in samples
    """
    inputs, features = leads, nn.Sequential()
    for count in channels:
        features.append(nn.Sequential(*activated(inputs, count, kernel), nn.MaxPool1d(2)))
        inputs = count
    model = nn.Sequential()
    model.add_module("features", features)
    model.add_module("recurrent", Recurrent(inputs, units))
    model.add_module("head", average_head(units, outputs))
    return model
