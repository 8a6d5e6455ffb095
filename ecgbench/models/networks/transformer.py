"""A vision transformer in one dimension: patches of time instead of an image.

Dosovitskiy et al. 2021, arXiv:2010.11929. Patches are made by a few strided convolutions, with which transformers learn from little data
(Xiao et al. 2021, arXiv:2106.14881), as transformers on ECGs do (Natarajan et al. 2020, doi:10.22489/CinC.2020.107). The mean over the
patches goes to the last layer instead of a class token (Zhai et al. 2022, arXiv:2106.04560), which leaves a time axis at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from ecgbench.models.networks.layers import TimeFirst, TimeLast, activated, average_head
from ecgbench.nn import ResidualSum


@dataclass(frozen=True)
class Size:
    """How large a transformer is.

    Attributes
    ----------
    stem : channels of the convolutions that make patches; each halves the time
    kernel : width of these convolutions, in samples
    features : of a patch, an even number
    depth : layers
    heads : of the attention, which share the features
    hidden : features between the two linear layers of the perceptrons
    """

    stem: Sequence[int]
    kernel: int
    features: int
    depth: int
    heads: int
    hidden: int


class Patches(nn.Module):
    """(n, leads, time) -> (n, patches, features): strided convolutions, and the sines and cosines of each patch's place added."""

    place: torch.Tensor

    def __init__(self, leads: int, samples: int, size: Size) -> None:
        super().__init__()
        self.stem, inputs = nn.Sequential(), leads
        for channels in size.stem:
            self.stem.append(activated(inputs, channels, size.kernel, 2))
            inputs, samples = channels, (samples + 1) // 2
        self.linear, self.time_first = nn.Conv1d(inputs, size.features, 1), TimeFirst()
        self.register_buffer("place", places(samples, size.features), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Cut windows (n, leads, time) into patches."""
        cut: torch.Tensor = self.time_first(self.linear(self.stem(x))) + self.place
        return cut


def places(patches: int, features: int) -> torch.Tensor:
    """Sines and cosines (1, patches, features) of the patches' numbers, with periods from 2 pi to 10,000 times as long.

    Vaswani et al. 2017, arXiv:1706.03762; fixed in vision transformers by Beyer et al. 2022, arXiv:2205.01580.
    """
    half = features // 2
    rates = 10_000.0 ** -(torch.arange(half) / max(half - 1, 1))
    angles = torch.arange(patches)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)[None]


class Attention(nn.Module):
    """Multi-head self-attention over (n, patches, features)."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.heads = size.heads
        self.queries, self.keys, self.values = (nn.Linear(size.features, size.features) for _ in range(3))
        self.output = nn.Linear(size.features, size.features)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Mix the patches of (n, patches, features)."""
        queries, keys, values = (self._by_head(layer(x)) for layer in (self.queries, self.keys, self.values))
        mixed = functional.scaled_dot_product_attention(queries, keys, values)
        together: torch.Tensor = self.output(mixed.transpose(1, 2).flatten(2))
        return together

    def _by_head(self, x: torch.Tensor) -> torch.Tensor:
        """(n, patches, features) -> (n, heads, patches, features of a head)."""
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)


class Layer(nn.Module):
    """Attention, then a perceptron with a GELU on each patch; each behind a layer norm and with a shortcut around both."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.attention = nn.Sequential(nn.LayerNorm(size.features), Attention(size))
        perceptron = [nn.Linear(size.features, size.hidden), nn.GELU(), nn.Linear(size.hidden, size.features)]
        self.perceptron = nn.Sequential(nn.LayerNorm(size.features), *perceptron)
        self.add_attention, self.add_perceptron = ResidualSum(), ResidualSum()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Pass (n, patches, features) through the layer."""
        x = self.add_attention(self.attention(x), x)
        passed: torch.Tensor = self.add_perceptron(self.perceptron(x), x)
        return passed


def transformer(leads: int, samples: int, outputs: int, size: Size) -> nn.Sequential:
    """A freshly initialised transformer for windows of so many samples."""
    model = nn.Sequential()
    model.add_module("patches", Patches(leads, samples, size))
    model.add_module("layers", nn.Sequential(*(Layer(size) for _ in range(size.depth))))
    model.add_module("features", nn.Sequential(nn.LayerNorm(size.features), TimeLast()))
    model.add_module("head", average_head(size.features, outputs))
    return model
