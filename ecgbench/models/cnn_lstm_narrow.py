"""Convolutions and an LSTM with few channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgbench.models._registry import MODELS

if TYPE_CHECKING:
    from torch import nn


@MODELS.register(
    version=1,
    reference="doi:10.1016/j.compbiomed.2018.06.002",
    title="four convolutions and an LSTM with few channels",
    gradcam_layer="features",
    recipe={"epochs": 40, "optimizer": "adamw"},
)
def cnn_lstm_narrow(leads: int, samples: int, outputs: int) -> nn.Sequential:
    """As `cnn_lstm` (Oh et al. 2018), small; takes any number of samples."""
    from ecgbench.models.networks.recurrent import cnn_and_lstm

    return cnn_and_lstm(leads, outputs, channels=(8, 16, 24, 32), units=32)
