"""What a network's own forward pass leaves behind, put back: buffers, attributes, torch's random numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any, NamedTuple

import torch
from torch import nn

LEARNED = ("_modules", "_parameters")
"""Attributes that keep what a first call adds: a layer that is made then has weights of which there would be others the next time."""


class _Held(NamedTuple):
    """A module as it was: its attributes, and the content of those that are lists, sets or dictionaries."""

    module: nn.Module
    kind: type[nn.Module]
    attributes: dict[str, Any]
    contents: dict[str, Any]


@contextmanager
def without_traces(model: nn.Module) -> Iterator[None]:
    """Put back afterwards what windows that pass through the model change in it, and torch's random numbers.

    Networks count their calls, keep tables and activations, and write statistics: a caller who trains on must find none of it changed,
    and no graph that keeps the explained windows in memory. To be used by one thread at a time (see `ecgbench.nn.frozen`).
    """
    held = [_held(module) for module in model.modules()]
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    cards = {buffer.device for buffer in (*model.buffers(), *model.parameters()) if buffer.is_cuda}
    with torch.random.fork_rng(devices=list(cards)):
        try:
            yield
        finally:
            for one in held:
                _put_back(one)
            with torch.no_grad():
                for buffer, value in buffers:
                    buffer.copy_(value)


def _held(module: nn.Module) -> _Held:
    attributes = dict(vars(module))
    contents = {name: copy(value) for name, value in attributes.items() if type(value) in (dict, list, set) and name not in LEARNED}
    return _Held(module, type(module), attributes, contents)


def _put_back(held: _Held) -> None:
    if type(held.module) is not held.kind:  # a lazy layer that has become another
        return
    now = vars(held.module)
    for name in now.keys() - held.attributes.keys():
        del now[name]
    now.update(held.attributes)
    for name, content in held.contents.items():
        value = held.attributes[name]
        value.clear()
        (value.extend if isinstance(value, list) else value.update)(content)
