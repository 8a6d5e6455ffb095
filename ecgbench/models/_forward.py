"""Passing windows through a network: in batches, without gradients, leaving the network as it was found."""

from __future__ import annotations

import numpy as np
import torch

from ecgbench.nn import frozen, logits_of, place_of
from ecgbench.traces import without_traces
from ecgbench.types import Logits, Rows, Windows

BATCH = 32
"""Rows that pass through the network at once, unless the caller says otherwise."""


def forward(model: torch.nn.Module, rows: Rows, batch: int = BATCH) -> Logits:
    """Logits (n, outputs) of standardised rows (n, leads, time), in the precision of the model's parameters."""
    place = place_of(model)
    with frozen(model), without_traces(model), torch.no_grad():  # in inference mode a table that is kept could not be used in training
        parts = (torch.from_numpy(np.array(rows[first : first + batch])) for first in range(0, max(len(rows), 1), batch))
        outputs = [logits_of(model, part.to(place.device, place.dtype)).cpu().numpy() for part in parts]
    return np.concatenate(outputs)


def predict(model: torch.nn.Module, windows: Windows) -> Logits:
    """Logits (n, outputs) of windows, of which no more than a batch is in memory at once if they are mapped from a file."""
    firsts = range(0, len(windows), BATCH)
    return np.concatenate([forward(model, windows.inputs(np.arange(first, min(first + BATCH, len(windows))))) for first in firsts])


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
