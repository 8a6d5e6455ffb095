"""An XResNet as a list of layers that can compute any part of their output, and its head, which sees all of the last one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import TypeGuard, cast

import torch
from torch import nn
from torch.nn import functional

from ecgbench.models.fast.compact import is_untouched
from ecgbench.models.fast.layers import ROWS, Affine, Layer, Shortcut, folded
from ecgbench.models.networks.xresnet import Block, TwoPools
from ecgbench.nn import ResidualSum

AVERAGE = nn.AvgPool1d(2, ceil_mode=True).extra_repr()
"""What a shortcut's average says of itself."""

HEAD = (TwoPools, nn.BatchNorm1d, nn.Dropout, nn.Linear, nn.ReLU, nn.BatchNorm1d, nn.Dropout, nn.Linear)
"""Types of the head's parts."""


def is_xresnet(model: nn.Module) -> TypeGuard[nn.Sequential]:
    """Whether a model is made of the parts of the package's XResNets, in their order, without hooks and exchanged forward passes."""
    if type(model) is not nn.Sequential or not is_untouched(model) or len(model) < len(("stem", "maxpool", "layer1", "head")):
        return False
    stem, pool, *stages, head = model
    if any(type(part) is not nn.Sequential for part in (stem, *stages, head)):
        return False
    return _is_stem(stem, pool) and _types(head) == HEAD and all(_is_block(block) for stage in stages for block in stage.children())


class XResNet:
    """An XResNet in evaluation mode, as `ecgbench.models.fast.incremental.Incremental` follows it.

    Parameters
    ----------
    model : see `is_xresnet`
    """

    mixes_leads = True

    def __init__(self, model: nn.Sequential) -> None:
        stem, _, *stages, head = (cast("nn.Sequential", part) for part in model)
        layers = [_convolution(part, number) for number, part in enumerate(stem)]
        layers.append(Layer(len(stem), len(stem) + 1, kernel=3, stride=2, padding=1))
        for block in chain.from_iterable(stages):
            layers += _block(cast("Block", block), len(layers))
        self.layers: Sequence[Layer] = layers
        self._pools, self._head = head[0], head[1:]

    def logits(self, last: torch.Tensor) -> torch.Tensor:
        """Logits (rows, outputs) of the last activations (rows, 1, positions, channels)."""
        pooled = torch.cat([last.mean(dim=(1, 2)), last.amax(dim=(1, 2))], dim=1)
        logits: torch.Tensor = self._head(functional.pad(pooled, (0, 0, 0, -len(pooled) % ROWS)))
        return logits[: len(pooled)]


def _types(part: nn.Module) -> tuple[type[nn.Module], ...]:
    return tuple(type(child) for child in part.children())


def _is_stem(stem: nn.Module, pool: nn.Module) -> bool:
    usual = type(pool) is nn.MaxPool1d and pool.extra_repr() == nn.MaxPool1d(3, 2, 1).extra_repr()
    return usual and len(list(stem.children())) > 0 and all(_is_convolution(part, nn.ReLU) for part in stem.children())


def _is_convolution(part: nn.Module, *behind: type[nn.Module]) -> bool:
    """Whether a part is a convolution with its batch norm, and something behind."""
    return type(part) is nn.Sequential and _types(part) == (nn.Conv1d, nn.BatchNorm1d, *behind) and _is_usual(*list(part)[:2])


def _is_usual(convolution: nn.Module, norm: nn.Module) -> bool:
    if type(convolution) is not nn.Conv1d or type(norm) is not nn.BatchNorm1d or norm.running_mean is None:
        return False
    (kernel,), plain = convolution.kernel_size, (convolution.dilation, convolution.groups, convolution.padding_mode) == ((1,), 1, "zeros")
    return plain and kernel % 2 == 1 and convolution.padding == (kernel // 2,)


def _is_block(block: nn.Module) -> bool:
    if type(block) is not Block or type(block.add) is not ResidualSum or type(block.relu) is not nn.ReLU:
        return False
    return _is_branch(block.branch) and _stride(block) in (1, 2) and _is_shortcut(block.shortcut, _stride(block))


def _is_branch(branch: nn.Module) -> bool:
    if type(branch) is not nn.Sequential or _types(branch) != (nn.Sequential, nn.Sequential, nn.Conv1d, nn.BatchNorm1d):
        return False
    first, second, *last = branch.children()
    known = _is_convolution(first, nn.ReLU) and _is_convolution(second, nn.ReLU)
    return known and _is_projection(*list(first.children())[:2]) and _is_projection(*last)


def _is_shortcut(shortcut: nn.Module, stride: int) -> bool:
    parts = list(shortcut.children())
    if stride == 2:
        pool, *parts = parts or [shortcut]
        if type(pool) is not nn.AvgPool1d or pool.extra_repr() != AVERAGE or not pool.ceil_mode:
            return False
    return not parts or (len(parts) == 2 and _is_projection(*parts))


def _is_projection(convolution: nn.Module, norm: nn.Module) -> bool:
    narrow = isinstance(convolution, nn.Conv1d) and convolution.kernel_size == convolution.stride == (1,)
    return narrow and _is_usual(convolution, norm)


def _stride(block: Block) -> int:
    """Of the block, in its middle convolution."""
    return int(cast("nn.Conv1d", cast("nn.Sequential", block.branch[1])[0]).stride[0])


def _convolution(part: nn.Module, source: int) -> Layer:
    convolution, norm = list(part.children())[:2]
    return _layer(cast("nn.Conv1d", convolution), norm, source)


def _layer(convolution: nn.Conv1d, norm: nn.Module, source: int) -> Layer:
    (kernel,), (stride,) = convolution.kernel_size, convolution.stride
    return Layer(source, source + 1, kernel, stride, kernel // 2, folded(convolution, cast("nn.BatchNorm1d", norm)))


def _block(block: Block, source: int) -> Iterator[Layer]:
    first, second, last, norm = block.branch
    yield _convolution(first, source)
    yield _convolution(second, source + 1)
    yield replace(_layer(cast("nn.Conv1d", last), norm, source + 2), shortcut=_shortcut(block, source))


def _shortcut(block: Block, source: int) -> Shortcut:
    """The shortcut as one product, an average of two positions within it."""
    projected, stride = [part for part in block.shortcut if not isinstance(part, nn.AvgPool1d)], _stride(block)
    if not projected and stride == 1:
        return Shortcut(source)
    if projected:
        affine = folded(cast("nn.Conv1d", projected[0]), cast("nn.BatchNorm1d", projected[1]))
    else:
        bias = cast("nn.BatchNorm1d", block.branch[-1]).weight.detach().new_zeros(cast("nn.Conv1d", block.branch[-2]).out_channels)
        affine = Affine(torch.diag(torch.ones_like(bias)), bias)
    return Shortcut(source, stride, Affine(affine.weight.repeat(stride, 1) / stride, affine.bias), kernel=stride)
