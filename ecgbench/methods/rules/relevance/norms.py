"""Normalisation inside a network: by layer, group, instance, or over a vector's length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from ecgbench.methods.rules.calls import Function

if TYPE_CHECKING:
    from ecgbench.methods.rules.relevance.context import Relevance

EPS = 1e-5
"""What torch's norms add to the variance by default."""


def standardised(x: torch.Tensor, axes: tuple[int, ...], eps: float) -> torch.Tensor:
    """Values less their mean, divided by a standard deviation that is as a constant (Ali et al. 2022, arXiv:2202.07304)."""
    with torch.no_grad():
        scale = (x.var(dim=axes, keepdim=True, unbiased=False) + eps).rsqrt()
    return (x - x.mean(dim=axes, keepdim=True)) * scale


def affine(rule: Relevance, x: torch.Tensor, weight: torch.Tensor | None, bias: torch.Tensor | None) -> torch.Tensor:
    """Values times weights and plus biases, which absorb their share; either may depend on the window itself."""
    with rule:
        weighted = x if weight is None else x * weight
        affine = weighted if bias is None else weighted + bias
    return rule.stabilised(affine) if bias is None else affine


def layer_norm(
    rule: Relevance,
    function: Function,
    x: torch.Tensor,
    normalized_shape: Sequence[int],
    weight: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
    eps: float = EPS,
    cudnn_enable: bool = True,
) -> torch.Tensor:
    """`torch.nn.functional.layer_norm`."""
    return affine(rule, standardised(x, _last(normalized_shape), eps), weight, bias)


def rms_norm(
    rule: Relevance,
    function: Function,
    x: torch.Tensor,
    normalized_shape: Sequence[int],
    weight: torch.Tensor | None = None,
    eps: float | None = None,
) -> torch.Tensor:
    """`torch.nn.functional.rms_norm`."""
    with torch.no_grad():
        power = x.square().mean(dim=_last(normalized_shape), keepdim=True)
        scale = (power + (torch.finfo(x.dtype).eps if eps is None else eps)).rsqrt()
    return affine(rule, x * scale, weight, None)


def group_norm(
    rule: Relevance,
    function: Function,
    x: torch.Tensor,
    num_groups: int,
    weight: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
    eps: float = EPS,
    cudnn_enabled: bool = True,
) -> torch.Tensor:
    """`torch.nn.functional.group_norm`."""
    normed = standardised(x.reshape(len(x), num_groups, -1), (2,), eps).reshape(x.shape)
    return affine(rule, normed, _by_channel(weight, x), _by_channel(bias, x))


def instance_norm(
    rule: Relevance,
    function: Function,
    x: torch.Tensor,
    running_mean: torch.Tensor | None = None,
    running_var: torch.Tensor | None = None,
    weight: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = EPS,
) -> torch.Tensor:
    """`torch.nn.functional.instance_norm`; with running statistics it is a batch norm."""
    if use_input_stats:
        return affine(rule, standardised(x, tuple(range(2, x.ndim)), eps), _by_channel(weight, x), _by_channel(bias, x))
    with rule:
        normed: torch.Tensor = functional.batch_norm(x, running_mean, running_var, weight, bias, False, momentum, eps)
    return normed


def _last(shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(range(-len(shape), 0))


def _by_channel(values: torch.Tensor | None, like: torch.Tensor) -> torch.Tensor | None:
    return None if values is None else values.view(-1, *[1] * (like.ndim - 2))


RULES: Mapping[Function, Any] = MappingProxyType(
    {
        functional.layer_norm: layer_norm,
        functional.rms_norm: rms_norm,
        functional.group_norm: group_norm,
        functional.instance_norm: instance_norm,
    }
)
