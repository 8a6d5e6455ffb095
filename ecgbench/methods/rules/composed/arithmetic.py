"""Norms, deviations, gates and pools of powers in terms of squares, roots and products."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import torch
from torch.nn import functional

from ecgbench.errors import InputError
from ecgbench.methods.rules.calls import Function

Axes = int | tuple[int, ...] | list[int] | None


def variance(
    x: torch.Tensor, dim: Axes | bool = None, unbiased: bool = True, keepdim: bool = False, *, correction: float | None = None
) -> torch.Tensor:
    """`torch.var`."""
    if isinstance(dim, bool):
        unbiased, dim = dim, None
    axes = tuple(range(x.ndim)) if dim is None else dim
    count = math.prod(x.shape[axis] for axis in ((axes,) if isinstance(axes, int) else axes))
    less = (1.0 if unbiased else 0.0) if correction is None else correction
    return torch.square(x - x.mean(axes, keepdim=True)).sum(axes, keepdim=keepdim) / (count - less)


def deviation(x: torch.Tensor, *arguments: Any, **options: Any) -> torch.Tensor:
    """`torch.std`."""
    return torch.sqrt(variance(x, *arguments, **options))


def variance_and_mean(x: torch.Tensor, dim: Axes = None, *arguments: Any, **options: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """`torch.var_mean`."""
    axes = tuple(range(x.ndim)) if dim is None or isinstance(dim, bool) else dim
    keepdim = options.get("keepdim", len(arguments) > 1 and arguments[1])
    return variance(x, dim, *arguments, **options), x.mean(axes, keepdim=keepdim)


def deviation_and_mean(x: torch.Tensor, *arguments: Any, **options: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """`torch.std_mean`."""
    squared, mean = variance_and_mean(x, *arguments, **options)
    return torch.sqrt(squared), mean


def norm(x: torch.Tensor, p: Any = 2, dim: Axes = None, keepdim: bool = False, **options: Any) -> torch.Tensor:
    """`torch.norm` and those of `torch.linalg`, of vectors.

    Raises
    ------
    InputError
        If it is a norm other than the first, the second and that of the largest value.
    """
    order = options.pop("ord", p)
    axes = tuple(range(x.ndim)) if dim is None else dim
    size = torch.abs(x)
    if order in (2, None, "fro"):
        return torch.sqrt(torch.square(size).sum(axes, keepdim=keepdim))
    if order == 1:
        return size.sum(axes, keepdim=keepdim)
    if order == math.inf:
        return torch.amax(size, axes, keepdim=keepdim)
    raise InputError(f"expected a norm of order 1, 2 or inf, got {order}; use one of these, or choose another method.")


def normalised(x: torch.Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: None = None) -> torch.Tensor:
    """`torch.nn.functional.normalize`."""
    return x / norm(x, p, dim, keepdim=True).clamp_min(eps)


def cosine(x1: torch.Tensor, x2: torch.Tensor, dim: int = 1, eps: float = 1e-8) -> torch.Tensor:
    """`torch.nn.functional.cosine_similarity`."""
    first, second = (x / norm(x, 2, dim, keepdim=True).clamp_min(eps) for x in (x1, x2))
    return (first * second).sum(dim)


def gated(x: torch.Tensor, dim: int = -1) -> torch.Tensor:
    """`torch.nn.functional.glu`."""
    values, gate = x.chunk(2, dim)
    return values * torch.sigmoid(gate)


def softmin(x: torch.Tensor, dim: int, *rest: Any, **options: Any) -> torch.Tensor:
    """`torch.nn.functional.softmin`."""
    return torch.softmax(-x, dim)


def logarithm_of_sum(x: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """`torch.logaddexp`."""
    return torch.logsumexp(torch.stack([x + torch.zeros_like(other), other + torch.zeros_like(x)], dim=-1), dim=-1)


def power_pool1d(x: torch.Tensor, norm_type: float, kernel_size: int, stride: Any = None, ceil_mode: bool = False) -> torch.Tensor:
    """`torch.nn.functional.lp_pool1d`."""
    mean = functional.avg_pool1d(torch.pow(x, norm_type), kernel_size, stride, 0, ceil_mode)
    return torch.pow(mean * kernel_size, 1 / norm_type)


def power_pool2d(x: torch.Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> torch.Tensor:
    """`torch.nn.functional.lp_pool2d`."""
    count = kernel_size**2 if isinstance(kernel_size, int) else math.prod(kernel_size)
    mean = functional.avg_pool2d(torch.pow(x, norm_type), kernel_size, stride, 0, ceil_mode)
    return torch.pow(mean * count, 1 / norm_type)


def added_product(x: torch.Tensor, first: torch.Tensor, second: torch.Tensor, *, value: float = 1) -> torch.Tensor:
    """`torch.addcmul`."""
    return x + value * (first * second)


def added_matrix_product(x: torch.Tensor, first: torch.Tensor, second: torch.Tensor, *, beta: float = 1, alpha: float = 1) -> torch.Tensor:
    """`torch.addmm` and `torch.baddbmm`."""
    return beta * x + alpha * (first @ second)


ARITHMETIC: Mapping[Function, Function] = MappingProxyType(
    {
        torch.var: variance,
        torch.std: deviation,
        torch.var_mean: variance_and_mean,
        torch.std_mean: deviation_and_mean,
        torch.norm: norm,
        torch.linalg.norm: norm,
        torch.linalg.vector_norm: norm,
        functional.normalize: normalised,
        torch.cosine_similarity: cosine,
        functional.glu: gated,
        functional.softmin: softmin,
        torch.logaddexp: logarithm_of_sum,
        functional.lp_pool1d: power_pool1d,
        functional.lp_pool2d: power_pool2d,
        torch.addcmul: added_product,
        torch.Tensor.addcmul: added_product,
        torch.addmm: added_matrix_product,
        torch.baddbmm: added_matrix_product,
    }
)
