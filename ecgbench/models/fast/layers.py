"""A ResNet as a list of layers that can compute any part of their output: batch norm folded in, leads as sequences of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import torch
from jaxtyping import Int64
from torch import nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ecgbench.models.residual.network import BasicBlock, Bottleneck, Normed, ResNet, projection

Positions = Int64[np.ndarray, "steps sequences"]

ROWS = 64
"""Matrix products have a multiple of so many rows: libraries multiply fewer, and the rows beyond a multiple of 4 in double precision, in
another order, and last bits would follow from how many there are."""


@dataclass(frozen=True)
class Affine:
    """Weight (kernel * inputs, outputs) and bias (outputs,) of a convolution with its batch norm."""

    weight: torch.Tensor
    bias: torch.Tensor

    def __call__(self, inputs: torch.Tensor) -> torch.Tensor:
        """Outputs (rows, outputs) of inputs (rows, kernel * inputs), each to the last bit what it is beside any other rows."""
        rest = len(inputs) % ROWS
        if rest == 0:
            return torch.addmm(self.bias, inputs, self.weight)
        whole, last = inputs[:-rest], inputs[-rest:]
        ends = torch.addmm(self.bias, functional.pad(last, (0, 0, 0, ROWS - rest)), self.weight)[:rest]
        return torch.cat([torch.addmm(self.bias, whole, self.weight), ends]) if len(whole) else ends


@dataclass(frozen=True)
class Shortcut:
    """What is added before a layer's rectifier.

    Attributes
    ----------
    source : number of the activations
    stride : of their positions that stand for one of the output
    affine : what they are multiplied with; None where they are added as they are
    kernel : how many positions are multiplied together; those beyond the last one are the last
    """

    source: int
    stride: int = 1
    affine: Affine | None = None
    kernel: int = 1

    def __call__(self, inputs: torch.Tensor) -> torch.Tensor:
        """What is added, (positions, outputs), of the inputs (positions * kernel, inputs)."""
        return inputs if self.affine is None else self.affine(inputs.view(-1, len(self.affine.weight)))


@dataclass(frozen=True)
class Layer:
    """A convolution with its shortcut and rectifier, or the max pool, on sequences (length, channels).

    Attributes
    ----------
    source, target : numbers of the activations that it reads and writes
    kernel, stride, padding : in positions
    affine : None for the max pool
    shortcut : None if nothing is added
    """

    source: int
    target: int
    kernel: int
    stride: int
    padding: int
    affine: Affine | None = None
    shortcut: Shortcut | None = None

    def length(self, length: int) -> int:
        """Positions of the output for so many of the input."""
        return (length + 2 * self.padding - self.kernel) // self.stride + 1

    def reach(self, low: Positions, high: Positions, length: int) -> tuple[Positions, Positions]:
        """Which of `length` outputs look at the inputs from `low` to `high` (exclusive), again from and to."""
        first = -((self.kernel - 1 - self.padding - low) // self.stride)
        behind = (high - 1 + self.padding) // self.stride + 1
        return first.clip(0, length), behind.clip(0, length)

    def __call__(self, inputs: torch.Tensor, added: torch.Tensor | None) -> torch.Tensor:
        """Outputs (positions, outputs) of what they look at.

        Parameters
        ----------
        inputs : (positions * kernel, inputs)
        added : (positions * its kernel, channels) of the shortcut's activations, None if there is no shortcut
        """
        if self.affine is None:
            return inputs.view(-1, self.kernel, inputs.shape[1]).amax(dim=1)
        outputs = self.affine(inputs.view(-1, len(self.affine.weight)))
        if self.shortcut is not None and added is not None:
            outputs += self.shortcut(added)
        return outputs.relu_()


class Residual:
    """A ResNet in evaluation mode, as `ecgbench.models.fast.incremental.Incremental` follows it."""

    mixes_leads = False

    def __init__(self, model: ResNet) -> None:
        self.layers: Sequence[Layer] = layers_of(model)
        self._tells_leads = model.architecture.leads > 1
        self._last = Affine(model.fc.weight.detach().T, model.fc.bias.detach())

    def logits(self, last: torch.Tensor) -> torch.Tensor:
        """Logits (rows, outputs) of the last activations (rows, leads, positions, channels)."""
        return self._last(last.mean(dim=2).transpose(1, 2).flatten(1) if self._tells_leads else last.mean(dim=(1, 2)))


def layers_of(model: ResNet) -> list[Layer]:
    """The network as a list of layers; each writes activations of its own."""
    layers = [_convolution((model.conv1, model.bn1), 0), Layer(1, 2, kernel=3, stride=2, padding=1)]
    for block in model.blocks():
        layers += _block(block, len(layers))
    return layers


def _block(block: BasicBlock | Bottleneck, source: int) -> list[Layer]:
    layers = [_convolution(pair, source + i) for i, pair in enumerate(block.branch())]
    projected = projection(block)
    shortcut = Shortcut(source) if projected is None else Shortcut(source, projected[0].stride[1], _folded(projected))
    return [*layers[:-1], replace(layers[-1], shortcut=shortcut)]


def _convolution(pair: Normed, source: int) -> Layer:
    (_, kernel), (_, stride) = pair[0].kernel_size, pair[0].stride
    return Layer(source, source + 1, kernel, stride, kernel // 2, _folded(pair))


def _folded(pair: Normed) -> Affine:
    return folded(*pair)


def folded(convolution: nn.Conv1d | nn.Conv2d, norm: nn.BatchNorm1d | nn.BatchNorm2d) -> Affine:
    """A convolution over time with its batch norm, both in evaluation mode."""
    fused = fuse_conv_bn_eval(convolution, norm)
    weight = fused.weight.detach().flatten(2).permute(2, 1, 0)
    return Affine(weight.reshape(-1, weight.shape[2]).contiguous(), cast("torch.Tensor", fused.bias).detach())
