"""Networks and arrays on the device where something is computed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np
import torch
from torch import nn

from ecgbench.nn import place_of, settings_of_a_new_process, turn_of
from ecgbench.traces import without_traces

PROCESSOR = "cpu"
"""The kind of device whose values are not told from others by the device's name: keys of before there were others say nothing of it."""

KINDS = (PROCESSOR, "cuda", "mps", "xpu")
"""Kinds of devices, as torch calls them."""


@cache
def device_said(device: torch.device) -> str:
    """A device's kind, and the name that its maker gave a card, such as "cuda (NVIDIA H100 80GB HBM3)"."""
    return f"{device.type} ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else device.type


@contextmanager
def moved(model: nn.Module, there: torch.device) -> Iterator[None]:
    """The model on a device, and back where it was afterwards; one that is there is left alone.

    Other threads that ask for the model wait meanwhile.
    """
    home = place_of(model).device
    if home == there:
        yield
        return
    with turn_of(model), settings_of_a_new_process(device=there.type), without_traces(model):
        model.to(there)
        try:
            yield
        finally:
            model.to(home)


def sent(array: np.ndarray, there: torch.device, precision: torch.dtype | None = None) -> torch.Tensor:
    """A copy of an array on a device, its real numbers in a precision if one is given.

    A card gets it from memory that it reads by itself, so that the processor need not wait.
    """
    tensor = torch.from_numpy(np.array(array))
    if precision is not None and tensor.is_floating_point():
        tensor = tensor.to(precision)
    return tensor.pin_memory().to(there, non_blocking=True) if there.type == "cuda" else tensor.to(there)
