"""Convolutions and an LSTM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgbench.models._registry import MODELS

if TYPE_CHECKING:
    from torch import nn


@MODELS.register(
    version=1,
    reference="doi:10.1016/j.compbiomed.2018.06.002",
    title="five convolutions and an LSTM",
    gradcam_layer="features",
    recipe={"learning_rate": 1e-3, "optimizer": "adamw"},
)
def cnn_lstm(leads: int, samples: int, outputs: int) -> nn.Sequential:
    """Convolutions with max pools, then an LSTM (Oh et al. 2018), with widths of ours; takes any number of samples."""
    from ecgbench.models.networks.recurrent import cnn_and_lstm

    return cnn_and_lstm(leads, outputs, channels=(32, 64, 128, 128, 256), units=128)
