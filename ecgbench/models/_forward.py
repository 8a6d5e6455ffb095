"""Passing windows through a network: in batches, without gradients, leaving the network as it was found."""

from __future__ import annotations

import numpy as np
import torch

from ecgbench.nn import frozen, logits_of, place_of
from ecgbench.placement import sent, usual_batch, within_memory
from ecgbench.traces import without_traces
from ecgbench.types import Logits, Rows, Windows


def forward(model: torch.nn.Module, rows: Rows, batch: int | None = None) -> Logits:
    """Logits (n, outputs) of standardised rows (n, leads, time), in the precision of the model's parameters.

    Parameters
    ----------
    batch : rows that pass through the network at once; default what is usual on its device (see `usual_batch`)

    Raises
    ------
    DeviceMemoryError
        If the device has too little memory for them; on a card, for a single one.
    """
    place = place_of(model)

    def logits(batch: int) -> Logits:
        parts = (sent(rows[first : first + batch], place.device, place.dtype) for first in range(0, max(len(rows), 1), batch))
        outputs = [logits_of(model, part) for part in parts]
        return np.concatenate([part.cpu().numpy() for part in outputs])

    with frozen(model), without_traces(model), torch.no_grad():  # in inference mode a table that is kept could not be used in training
        return within_memory(logits, batch or usual_batch(place.device, *rows.shape[1:]), place.device)


def predict(model: torch.nn.Module, windows: Windows) -> Logits:
    """Logits (n, outputs) of windows, of which no more than a batch is in memory at once if they are mapped from a file."""
    batch = usual_batch(place_of(model).device, *windows.signal.shape[1:])
    parts = (np.arange(first, min(first + batch, len(windows))) for first in range(0, len(windows), batch))
    return np.concatenate([forward(model, windows.inputs(part), batch) for part in parts])


class OnImages(torch.nn.Module):
    """A model of windows as libraries made for images call it: (n, 1, leads, time) to logits, in the model's precision.

    Parameters
    ----------
    model : torch module on (n, leads, time)
    """

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (n, outputs) of images (n, 1, leads, time)."""
        logits: torch.Tensor = self.model(images[:, 0].to(next(self.model.parameters()).dtype))
        return logits
