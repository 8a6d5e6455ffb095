"""Windows as a training takes them: as tensors on its device, which need not wait for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from ecgbench.device_kinds import CARD
from ecgbench.models.training.augment import augmented
from ecgbench.placement import sent
from ecgbench.protocol import Augmentation
from ecgbench.types import Windows

HELD_SHARE = 4
"""The part of a card's free memory that windows may lie in from the first epoch to the last."""

AT_ONCE = 1024
"""Windows that are standardised and sent to be held on a card at once."""

Pair = tuple[torch.Tensor, torch.Tensor]
"""Windows (n, leads, time) and their classes (n,) or labels (n, classes)."""


@dataclass(frozen=True)
class Feed:
    """Windows of a side, for a device.

    Attributes
    ----------
    windows : the side's
    device : where they are taken
    """

    windows: Windows
    device: torch.device

    @property
    def y(self) -> np.ndarray:
        """Classes (n,), or labels (n, classes)."""
        return self.windows.y

    def __len__(self) -> int:
        """How many windows there are."""
        return len(self.windows)

    def take(self, index: np.ndarray) -> Pair:
        """The windows at these places, from the card where they lie on one."""
        if self._held is None:
            return self._sent(self.windows.inputs(index), index)
        places = sent(index, self.device)
        return self._held[0].index_select(0, places), self._held[1].index_select(0, places)

    def batches(self, places: Iterable[np.ndarray], by: Augmentation | None, generator: np.random.Generator) -> Iterator[Pair]:
        """Batches of windows, augmented where a way to is given; for a card the next one is made while it computes.

        Random numbers are drawn in the batches' order by one thread, so that they do not depend on the device.
        """

        def made(index: np.ndarray) -> Pair:
            return self.take(index) if by is None else self._sent(augmented(self.windows.inputs(index), by, generator), index)

        if self.device.type != CARD:
            yield from map(made, places)
            return
        with ThreadPoolExecutor(1) as beside:
            following: Future[Pair] | None = None
            for index in places:
                ready, following = following, beside.submit(made, index)
                if ready is not None:
                    yield ready.result()
            if following is not None:
                yield following.result()

    @cached_property
    def _held(self) -> Pair | None:
        """All windows, standardised, on the card; None where they are on no card or it is too small for them."""
        if self.device.type != CARD or not len(self):
            return None
        signal = self.windows.signal
        if signal.size * np.dtype(np.float32).itemsize > torch.cuda.mem_get_info(self.device)[0] // HELD_SHARE:
            return None
        parts = (np.arange(first, min(first + AT_ONCE, len(self))) for first in range(0, len(self), AT_ONCE))
        return torch.cat([sent(self.windows.inputs(part), self.device) for part in parts]), sent(self.y, self.device)

    def _sent(self, x: np.ndarray, index: np.ndarray) -> Pair:
        return sent(x, self.device), sent(self.y[index], self.device)
