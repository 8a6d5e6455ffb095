"""Incremental inference: a step that replaces a patch changes a bounded interval of each layer's activations, and only that is computed.

The activations of every layer are kept for every row. A step gathers, layer by layer, what the changed interval of the layer's output
looks at (im2col by one indexed read), multiplies it with the weights and writes the interval back. Every row can have its interval
elsewhere; all have one length, which the kernels bound, so that a layer of a whole batch is one matrix product.

Activations are (sequences, padding + length + padding, channels), a sequence for each row and lead. The padding is 0 for convolutions, and
for the max pool too: behind a rectifier nothing is below 0, so that a 0 wins no more than minus infinity would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch.nn import functional

from ecgbench.exactness import exact
from ecgbench.models.fast.layers import Layer, Positions
from ecgbench.placement import kept_at_once, sent
from ecgbench.types import Curves, Replacement, Steps


@dataclass(frozen=True)
class Shape:
    """Of the activations between two layers: positions, zeros on either side of them, channels."""

    length: int
    padding: int
    channels: int

    @property
    def padded(self) -> int:
        """Positions with the zeros on both sides."""
        return self.length + 2 * self.padding


class Part:
    """Positions of activations, equally many in each sequence, from another first one in each sequence and at each step.

    Parameters
    ----------
    first : (steps, sequences), may lie in the padding
    offsets : (m,) of the positions from the first
    shape : of the activations
    device : where they are
    within : whether the last position stands for those beyond it
    """

    def __init__(
        self, first: Positions, offsets: Int64[np.ndarray, " m"], shape: Shape, device: torch.device, within: bool = False
    ) -> None:
        zero = np.arange(first.shape[1]) * shape.padded + shape.padding
        self._first, self._offsets = sent(first + zero, device), sent(offsets, device)
        self._last = sent(zero + shape.length - 1, device)[:, None] if within else None

    def read(self, activations: torch.Tensor, step: int) -> torch.Tensor:
        """The activations there, (sequences * m, channels)."""
        return activations.flatten(0, 1).index_select(0, self._index(step))

    def write(self, activations: torch.Tensor, step: int, values: torch.Tensor) -> None:
        """Put (sequences * m, channels) there."""
        activations.flatten(0, 1).index_copy_(0, self._index(step), values)

    def _index(self, step: int) -> torch.Tensor:
        index = self._first[step][:, None] + self._offsets
        return (index if self._last is None else torch.minimum(index, self._last)).flatten()


class Update:
    """What one layer computes anew at each step.

    Parameters
    ----------
    layer, shapes : the layer, and the shapes of all activations
    start : (steps, sequences), first position of the output that is computed
    count : how many are computed
    device : where the activations are
    """

    def __init__(self, layer: Layer, shapes: Sequence[Shape], start: Positions, count: int, device: torch.device) -> None:
        self._layer, places = layer, np.arange(count)
        looked_at = (places[:, None] * layer.stride + np.arange(layer.kernel)).flatten()
        self._source = Part(start * layer.stride - layer.padding, looked_at, shapes[layer.source], device)
        self._target = Part(start, places, shapes[layer.target], device)
        self._added = None
        if layer.shortcut is not None:
            stride, kernel = layer.shortcut.stride, layer.shortcut.kernel
            added = (places[:, None] * stride + np.arange(kernel)).flatten()
            self._added = Part(start * stride, added, shapes[layer.shortcut.source], device, within=kernel > 1)

    def __call__(self, activations: Sequence[torch.Tensor], step: int) -> None:
        """Bring the layer's output up to date."""
        layer, added = self._layer, None
        if layer.shortcut is not None and self._added is not None:
            added = self._added.read(activations[layer.shortcut.source], step)
        self._target.write(activations[layer.target], step, layer(self._source.read(activations[layer.source], step), added))


class Replace:
    """What replaces the signal at each step.

    Parameters
    ----------
    onset, offset : (steps, sequences), samples from onset to offset (exclusive)
    shape : of the signal
    device : where it is
    other : a signal of that shape for each sequence, what samples are replaced by; None for zeros
    """

    def __init__(self, onset: Positions, offset: Positions, shape: Shape, device: torch.device, other: torch.Tensor | None) -> None:
        places = np.arange(int((offset - onset).max(initial=0)))
        first = np.minimum(onset, shape.length - len(places))
        samples = first[..., None] + places
        gone = (samples >= onset[..., None]) & (samples < offset[..., None])
        self._part, self._gone = Part(first, places, shape, device), sent(gone, device).flatten(1)[..., None]
        self._other = other

    def __call__(self, signal: torch.Tensor, step: int) -> None:
        """Replace the step's intervals."""
        held, gone = self._part.read(signal, step), self._gone[step]
        replaced = held.masked_fill_(gone, 0.0) if self._other is None else torch.where(gone, self._part.read(self._other, step), held)
        self._part.write(signal, step, replaced)


@runtime_checkable
class Local(Protocol):
    """A network of layers that look at an interval of their input each, and logits of the last activations.

    Attributes
    ----------
    layers : the first is a convolution
    mixes_leads : whether the first one mixes the leads, as channels of one sequence, instead of having each as a sequence of its own
    """

    layers: Sequence[Layer]
    mixes_leads: bool

    def logits(self, last: torch.Tensor) -> torch.Tensor:
        """Logits (rows, outputs) of the last activations (rows, leads or 1, positions, channels), each row's to the last bit as alone."""
        ...


class Incremental:
    """Follows rows of a network through their steps.

    Parameters
    ----------
    network : its layers
    """

    def __init__(self, network: Local) -> None:
        self._layers, self._mixes_leads, self._logits_of = network.layers, network.mixes_leads, network.logits
        first = network.layers[0].affine
        assert first is not None, "the first layer is a convolution"
        self._weight = first.weight

    def rows(self, leads: int, time: int) -> int:
        """Rows whose activations are kept at once."""
        values = sum(shape.padded * shape.channels for shape in self._shapes(time))
        kept, sequences = kept_at_once(self._weight.device)
        return max(1, min(kept // (values * self._weight.element_size()), sequences) // (1 if self._mixes_leads else leads))

    def follow(self, x: Float[np.ndarray, "windows leads time"], steps: Steps, replacement: Replacement = None) -> Curves:
        """Logits (rows, steps + 1, outputs) as the rows are and after each step."""
        with exact(), torch.no_grad():  # of what it does no result follows from the order in which a card works
            return self._followed(x, steps, replacement)

    def _followed(self, x: Float[np.ndarray, "windows leads time"], steps: Steps, replacement: Replacement) -> Curves:
        leads, shapes = 1 if self._mixes_leads else x.shape[1], self._shapes(x.shape[2])
        windows, row_of = np.unique(steps.window, return_inverse=True)
        device, precision = self._weight.device, self._weight.dtype
        whole = self._activations(self._padded(sent(x[windows], device, precision), shapes[0]), shapes)
        chosen = sent(row_of, device)
        kept = [_by_row(values, leads).index_select(0, chosen).flatten(0, 1) for values in whole]
        logits = [self._logits_of(_by_row(kept[-1], leads))]
        other = None if replacement is None else self._padded(sent(replacement[steps.window], device, precision), shapes[0])
        replace, updates = self._plan(steps, shapes, leads, other)
        for step in range(steps.onset.shape[1]):
            replace(kept[0], step)
            for update in updates:
                update(kept, step)
            logits.append(self._logits_of(_by_row(kept[-1], leads)))
        curves: Curves = torch.stack(logits, dim=1).cpu().numpy()  # waited for once, not at every step
        return curves

    def _shapes(self, time: int) -> list[Shape]:
        """Shapes of all activations for windows of so many samples."""
        lengths, channels = [time], [len(self._weight) // self._layers[0].kernel]
        for layer in self._layers:
            lengths.append(layer.length(lengths[layer.source]))
            channels.append(channels[layer.source] if layer.affine is None else len(layer.affine.bias))
        padding = [max([0, *(layer.padding for layer in self._layers if layer.source == number)]) for number in range(len(lengths))]
        return [Shape(*shape) for shape in zip(lengths, padding, channels, strict=True)]

    def _activations(self, first: torch.Tensor, shapes: Sequence[Shape]) -> list[torch.Tensor]:
        """All activations, of the first ones (sequences, padded, channels)."""
        kept = [first, *(first.new_zeros(len(first), shape.padded, shape.channels) for shape in shapes[1:])]
        everywhere = np.zeros((1, len(first)), dtype=np.int64)
        for layer in self._layers:
            Update(layer, shapes, everywhere, shapes[layer.target].length, first.device)(kept, 0)
        return kept

    def _padded(self, x: torch.Tensor, shape: Shape) -> torch.Tensor:
        """Rows (n, leads, time) as the first activations."""
        values = x.transpose(1, 2) if self._mixes_leads else x.flatten(0, 1)[..., None]
        return functional.pad(values, (0, 0, shape.padding, shape.padding)).contiguous()

    def _plan(self, steps: Steps, shapes: Sequence[Shape], leads: int, other: torch.Tensor | None) -> tuple[Replace, list[Update]]:
        """What replaces the signal and what each layer computes anew, for all steps."""
        onset, offset = (np.repeat(borders.T, leads, axis=1) for borders in (steps.onset, steps.offset))
        device, changed, updates = self._weight.device, {0: (onset, offset)}, []
        for layer in self._layers:
            low, high = changed[layer.target] = layer.reach(*changed[layer.source], shapes[layer.target].length)
            count = int((high - low).max(initial=0))
            updates.append(Update(layer, shapes, np.minimum(low, shapes[layer.target].length - count), count, device))
        return Replace(onset, offset, shapes[0], device, other), updates


def _by_row(activations: torch.Tensor, leads: int) -> torch.Tensor:
    """Activations (rows, leads, positions, channels)."""
    return activations.view(-1, leads, *activations.shape[1:])
