"""Networks and arrays on the device where something is computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

import numpy as np
import torch
from torch import nn

from ecgbench.device_kinds import CARD
from ecgbench.errors import DeviceMemoryError
from ecgbench.nn import place_of, settings_of_a_new_process, turn_of
from ecgbench.printable import shortened
from ecgbench.traces import without_traces

BATCH = 32
"""Rows that pass through a network at once on a processor, unless the caller says otherwise; last digits follow from it."""

FILLED_BATCH, FILLED_SAMPLES = 128, 1 << 16
"""Most rows, and about how many samples in all their leads, of batches that are always full on a processor: twice `BATCH` for windows of a
thousand samples takes a quarter less time, and more would leave its caches."""

CARD_BATCH, CARD_SAMPLES = 512, 1 << 19
"""Most rows on a card, and about how many samples in all their leads: gradients of a ResNet-18 take some 10 KiB a sample."""

T = TypeVar("T")

KEPT, KEPT_SEQUENCES = 1 << 28, 128
"""Bytes of activations, and rows times leads, that are kept at once on a processor; more would be slower, since they leave its caches."""

CARD_SHARE, CARD_SEQUENCES = 8, 8192
"""Of a card: the part of its memory that they take, the same however much of it is free, and rows times leads, which keep it busy."""


def kept_at_once(there: torch.device) -> tuple[int, int]:
    """Bytes of activations, and rows times leads, that are kept at once on a device while rows are changed step by step."""
    if there.type != CARD:
        return KEPT, KEPT_SEQUENCES
    return torch.cuda.get_device_properties(there).total_memory // CARD_SHARE, CARD_SEQUENCES


def usual_batch(there: torch.device, leads: int, time: int) -> int:
    """Rows (leads, time) that pass through a network at once on a device, unless the caller says otherwise; `BATCH` on a processor."""
    return max(1, min(CARD_BATCH, CARD_SAMPLES // max(leads * time, 1))) if there.type == CARD else BATCH


def filled_batch(there: torch.device, leads: int, time: int) -> int:
    """Rows (leads, time) that pass through a network at once on a device where there are enough to fill every batch."""
    usual = usual_batch(there, leads, time)
    return usual if there.type == CARD else max(usual, min(FILLED_BATCH, FILLED_SAMPLES // max(leads * time, 1)))


def within_memory(compute: Callable[[int], T], batch: int, there: torch.device) -> T:
    """What is computed with so many rows at once, or on a card with half as many as often as memory runs out.

    Parameters
    ----------
    compute : gets the number of rows; begins from the start each time

    Raises
    ------
    DeviceMemoryError
        If it runs out with one row, or on a processor, whose last digits would follow from the number.
    """
    while True:
        try:
            return compute(batch)
        except RuntimeError as error:
            if not _is_shortage(error):
                raise
            remedy = "let fewer pass at once, --batch-size or batch_size=, or name another device" if batch > 1 else "name another device"
            shortage = _shortage(f"{batch} rows at once", there, error, remedy)
        if batch == 1 or there.type != CARD:
            raise shortage
        torch.cuda.empty_cache()
        batch //= 2


@contextmanager
def memory_for(what: str, there: torch.device, remedy: str) -> Iterator[None]:
    """Say in one line that a device has too little memory for something whose size is not ours to choose.

    Raises
    ------
    DeviceMemoryError
        If it has.
    """
    try:
        yield
    except RuntimeError as error:
        if not _is_shortage(error):
            raise
        raise _shortage(what, there, error, remedy) from error


def _is_shortage(error: RuntimeError) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or any(said in str(error) for said in ("allocate memory", "not enough memory"))


def _shortage(what: str, there: torch.device, error: RuntimeError, remedy: str) -> DeviceMemoryError:
    reason = shortened(str(error).partition("\n")[0])
    return DeviceMemoryError(f"expected memory for {what} on {there.type}, got too little ({reason}); {remedy}.")


@cache
def device_said(device: torch.device) -> str:
    """A device's kind, and the name that its maker gave a card, such as "cuda (NVIDIA H100 80GB HBM3)"."""
    return f"{device.type} ({torch.cuda.get_device_name(device)})" if device.type == CARD else device.type


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
    tensor = torch.from_numpy(np.array(array))  # of what may be mapped from a file that nobody may write
    if precision is not None and tensor.is_floating_point():
        tensor = tensor.to(precision)
    return tensor.pin_memory().to(there, non_blocking=True) if there.type == CARD else tensor.to(there)
