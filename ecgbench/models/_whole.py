"""Rows that change step by step, followed by whole passes: the way for networks whose layers nobody has declared."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Bool, Float, Int64

from ecgbench.models._forward import forward
from ecgbench.nn import place_of
from ecgbench.placement import filled_batch
from ecgbench.types import Curves, Logits, Replacement, Steps

Windows = Float[np.ndarray, "windows leads time"]

TOGETHER = 64
"""Rows that are followed together: with a few dozen steps each, the places that are left over in the last batch weigh little."""


class Whole:
    """Follows rows of any model, with a whole pass for every state that none of them was in before.

    Libraries' last bits follow from a batch's size, so that all batches are filled up to one size. Then a row's logits do not follow from
    the rows beside it, unless they follow from its place among them. That is tried; such a network's rows are followed one by one.

    Parameters
    ----------
    model : torch module
    batch : states that pass through the model at once; default what is usual on its device for windows of that size
    """

    def __init__(self, model: torch.nn.Module, batch: int | None = None) -> None:
        self._model, self._batch = model, batch
        self._tried: dict[tuple[int, int], bool] = {}

    def rows(self, leads: int, time: int) -> int:
        """Rows that it follows at once."""
        if (leads, time) not in self._tried:
            self._tried[leads, time] = self._places_are_alike(leads, time)
        return TOGETHER if self._tried[leads, time] else 1

    def follow(self, x: Windows, steps: Steps, replacement: Replacement = None) -> Curves:
        """Logits (rows, steps + 1, outputs) as the rows are and after each step."""
        other = np.zeros_like(x) if replacement is None else replacement
        window, gone, state = _states(steps, x.shape[2])
        batch, logits = self._size(*x.shape[1:]), []
        for first in range(0, len(window), batch):
            part = np.arange(first, first + batch).clip(max=len(window) - 1)  # the last state fills the places that are left over
            rows = np.where(gone[part, None], other[window[part]], x[window[part]])
            logits.append(self._logits(rows)[: len(window) - first])
        curves: Curves = np.concatenate(logits)[state]
        return curves

    def _size(self, leads: int, time: int) -> int:
        return self._batch or filled_batch(place_of(self._model).device, leads, time)

    def _logits(self, rows: Windows) -> Logits:
        return forward(self._model, rows, len(rows))

    def _places_are_alike(self, leads: int, time: int) -> bool:
        """Whether a window gets the same bits in all places of a batch."""
        if self._size(leads, time) == 1:
            return True
        window = np.linspace(-1, 1, leads * time, dtype=np.float32).reshape(1, leads, time)
        logits = self._logits(window.repeat(self._size(leads, time), axis=0))
        return bool((logits == logits[0]).all())


def _states(
    steps: Steps, time: int
) -> tuple[Int64[np.ndarray, " states"], Bool[np.ndarray, "states time"], Int64[np.ndarray, "rows points"]]:
    """States that rows are in before and after their steps: the window of each, the samples replaced, and which one a row is in when."""
    samples, points = np.arange(time), 1 + steps.onset.shape[1]
    replaced = (samples >= steps.onset[..., None]) & (samples < steps.offset[..., None])
    gone = np.logical_or.accumulate(np.pad(replaced, ((0, 0), (1, 0), (0, 0))), axis=1).reshape(-1, time)
    window = steps.window.repeat(points)
    described = np.column_stack([window.astype(np.int64).view(np.uint8).reshape(len(window), -1), np.packbits(gone, axis=1)])
    _, first, state = np.unique(described, axis=0, return_index=True, return_inverse=True)
    return window[first], gone[first], state.reshape(-1, points)
