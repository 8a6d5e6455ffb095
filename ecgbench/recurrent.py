"""Recurrent layers on a card, whose library has no gradient of them in evaluation mode."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

LAYERS = (nn.LSTM, nn.GRU, nn.RNN)
"""Those that cuDNN computes; in training they compute the same but for dropout between layers."""


@contextmanager
def differentiable(model: nn.Module) -> Iterator[None]:
    """Let gradients pass a model's recurrent layers on a card: they are in training meanwhile, without dropout, all others as they were."""
    layers = [(layer, layer.dropout) for layer in model.modules() if isinstance(layer, nn.RNNBase) and _needs_training(layer)]
    for layer, _ in layers:
        layer.training, layer.dropout = True, 0.0
    try:
        yield
    finally:
        for layer, dropout in layers:
            layer.training, layer.dropout = False, dropout


def _needs_training(layer: nn.RNNBase) -> bool:
    """Whether it is one of torch's own, in evaluation mode on a card: a class derived of them may do more in training."""
    return type(layer) in LAYERS and not layer.training and any(weight.is_cuda for weight in layer.parameters())
