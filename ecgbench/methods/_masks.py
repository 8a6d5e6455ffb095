"""Random masks that are linear between nodes at equal distances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch


class LinearMasks(NamedTuple):
    """Masks of windows, kept as their nodes and made when they are asked for.

    Attributes
    ----------
    nodes : (n, masks, nodes), each 0 or 1
    shift : (n, masks) samples by which the first node lies before the window
    width : samples between nodes
    time : samples of a mask
    """

    nodes: torch.Tensor
    shift: torch.Tensor
    width: int
    time: int

    def rows(self, window: torch.Tensor, number: torch.Tensor) -> torch.Tensor:
        """Masks (m, time) by indices of windows (m,) and numbers of their masks (m,)."""
        at = torch.arange(self.time, device=self.nodes.device) + self.shift[window, number][:, None]
        left, nodes = at // self.width, self.nodes[window, number]
        share = (at % self.width).to(nodes) / self.width
        return torch.lerp(nodes.gather(1, left), nodes.gather(1, left + 1), share)


def drawn_masks(generators: Sequence[np.random.Generator], count: int, x: torch.Tensor, width: int) -> LinearMasks:
    """Masks of windows (n, leads, time): nodes `width` samples apart are 1 with probability 1/2, at a place that is drawn too.

    Parameters
    ----------
    generators : one per window
    count : masks of each window
    """
    time = x.shape[2]
    nodes = (time + width - 2) // width + 2
    drawn = [(generator.random((count, nodes)) < 0.5, generator.integers(0, width, count)) for generator in generators]
    kept, shift = (torch.from_numpy(np.stack(arrays)).to(x.device) for arrays in zip(*drawn, strict=True))
    return LinearMasks(kept.to(x), shift, width, time)
