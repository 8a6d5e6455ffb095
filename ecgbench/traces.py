"""What a network's own forward pass leaves behind, put back: buffers, attributes, torch's random numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import nn


class _Held(NamedTuple):
    """A module as it was."""

    module: nn.Module
    kind: type[nn.Module]
    attributes: dict[str, Any]
    buffers: dict[str, torch.Tensor | None]


@contextmanager
def without_traces(model: nn.Module) -> Iterator[None]:
    """Put back afterwards what windows that pass through the model change in it, and torch's random numbers.

    Networks count their calls, keep tables and activations, and write statistics: a caller who trains on must find none of it changed,
    and no graph that keeps the explained windows in memory. Lists and other objects that a network keeps stay as it leaves them, layers
    that a first call makes too. To be used by one thread at a time (see `ecgbench.nn.frozen`).
    """
    held = [_Held(module, type(module), dict(vars(module)), dict(module._buffers)) for module in model.modules()]
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    cards = {tensor.device for tensor in (*model.buffers(), *model.parameters()) if tensor.is_cuda}
    with torch.random.fork_rng(devices=list(cards)):
        try:
            yield
        finally:
            for one in held:
                _put_back(one)
            with torch.no_grad():
                for buffer, value in buffers:
                    buffer.copy_(value)


def _put_back(held: _Held) -> None:
    if type(held.module) is not held.kind:  # a lazy layer that has become another
        return
    now = vars(held.module)
    for name in now.keys() - held.attributes.keys():
        del now[name]
    now.update(held.attributes)
    for name, buffer in held.buffers.items():
        if held.module._buffers[name] is not buffer:
            held.module._buffers[name] = buffer
