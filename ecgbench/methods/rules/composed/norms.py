"""Norms that take their statistics from the window itself, in terms of means, squares, roots and quotients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import torch
from torch.nn import functional

from ecgbench.methods.rules.calls import Function

Maybe = torch.Tensor | None


def standardised(x: torch.Tensor, axes: Sequence[int], eps: float) -> torch.Tensor:
    """Values less their mean, divided by the root of their variance plus eps."""
    centred = x - x.mean(tuple(axes), keepdim=True)
    return centred / torch.sqrt(torch.square(centred).mean(tuple(axes), keepdim=True) + eps)


def layer_norm(
    x: torch.Tensor, normalized_shape: Sequence[int], weight: Maybe = None, bias: Maybe = None, eps: float = 1e-5
) -> torch.Tensor:
    """`torch.nn.functional.layer_norm`."""
    return _scaled(standardised(x, range(-len(normalized_shape), 0), eps), weight, bias)


def rms_norm(x: torch.Tensor, normalized_shape: Sequence[int], weight: Maybe = None, eps: float | None = None) -> torch.Tensor:
    """`torch.nn.functional.rms_norm`."""
    axes = tuple(range(-len(normalized_shape), 0))
    added = torch.finfo(x.dtype).eps if eps is None else eps
    return _scaled(x / torch.sqrt(torch.square(x).mean(axes, keepdim=True) + added), weight, None)


def group_norm(x: torch.Tensor, num_groups: int, weight: Maybe = None, bias: Maybe = None, eps: float = 1e-5) -> torch.Tensor:
    """`torch.nn.functional.group_norm`."""
    grouped = x.reshape(len(x), num_groups, -1)
    return _of_channels(standardised(grouped, (2,), eps).reshape(x.shape), weight, bias)


def instance_norm(
    x: torch.Tensor,
    running_mean: Maybe = None,
    running_var: Maybe = None,
    weight: Maybe = None,
    bias: Maybe = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> torch.Tensor:
    """`torch.nn.functional.instance_norm`."""
    if not use_input_stats:
        return functional.batch_norm(x, running_mean, running_var, weight, bias, False, momentum, eps)
    return _of_channels(standardised(x, range(2, x.ndim), eps), weight, bias)


def _of_channels(x: torch.Tensor, weight: Maybe, bias: Maybe) -> torch.Tensor:
    weight, bias = (None if values is None else values.view(-1, *[1] * (x.ndim - 2)) for values in (weight, bias))
    return _scaled(x, weight, bias)


def _scaled(x: torch.Tensor, weight: Maybe, bias: Maybe) -> torch.Tensor:
    scaled = x if weight is None else x * weight
    return scaled if bias is None else scaled + bias


NORMS: Mapping[Function, Function] = MappingProxyType(
    {
        functional.layer_norm: layer_norm,
        torch.layer_norm: layer_norm,
        functional.rms_norm: rms_norm,
        torch.rms_norm: rms_norm,
        functional.group_norm: group_norm,
        functional.instance_norm: instance_norm,
    }
)
