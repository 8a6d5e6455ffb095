"""Slopes of elementary functions between two values, by formulas that do not cancel however near the two are.

Each is `slope(a, b, of_a, of_b)`: (f(a) - f(b)) / (a - b), where `of_a` is f(a).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch

from ecgbench.methods.rules.calls import Function

Slope = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]

AGREE = 1e-6
"""Inputs closer than this have no reliable slope; the derivative at the window's value is used instead (a ReLU's slope is always exact)."""

NEAR = 1e-3
"""Half a difference below which sinh(h) / h is 1 + h^2 / 6, to the rounding of double precision."""


def between(a: torch.Tensor, b: torch.Tensor, of_a: torch.Tensor, of_b: torch.Tensor, derivative: torch.Tensor) -> torch.Tensor:
    """The slope of any function, and its derivative at the window where the two values agree; nothing where that is infinite.

    So is that of a root at 0: between values that agree nothing changed, and nothing must come back from there.
    """
    difference = a - b
    # Relative to values below 1, since a norm that follows may enlarge them.
    near = difference.abs() <= AGREE * torch.maximum(a.abs(), b.abs()).clamp(max=1)
    return torch.where(near, derivative.masked_fill(derivative.isinf(), 0), (of_a - of_b) / difference.masked_fill(near, 1))


def of_relu(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """The slope of a ReLU, without cancellation whatever the signs."""
    return (a.clamp(min=0) + b.clamp(min=0)) / (a.abs() + b.abs() + torch.finfo(a.dtype).tiny)


def logarithmic_mean(a: torch.Tensor, b: torch.Tensor, difference: torch.Tensor) -> torch.Tensor:
    """(a - b) / (log a - log b) of values from 0 on, given the difference of their logarithms; 0 where one of them is 0."""
    half = difference / 2
    small = half.abs() < 0.5
    inside = torch.where(small, half, 0.5)
    ratio = torch.where(inside.abs() < NEAR, 1 + inside.square() / 6, inside.sinh() / torch.where(inside == 0, 1, inside))
    return torch.where(small, a.sqrt() * b.sqrt() * ratio, (a - b) / torch.where(small, 1, difference)).nan_to_num(0.0)


def _of_reciprocal(a: torch.Tensor, b: torch.Tensor, of_a: torch.Tensor, of_b: torch.Tensor) -> torch.Tensor:
    return -of_a * of_b


def _of_square(a: torch.Tensor, b: torch.Tensor, of_a: torch.Tensor, of_b: torch.Tensor) -> torch.Tensor:
    return a + b


def _of_root(a: torch.Tensor, b: torch.Tensor, of_a: torch.Tensor, of_b: torch.Tensor) -> torch.Tensor:
    total = of_a + of_b
    return torch.where(total == 0, 0, 1 / total)


def _of_reciprocal_root(a: torch.Tensor, b: torch.Tensor, of_a: torch.Tensor, of_b: torch.Tensor) -> torch.Tensor:
    return -((of_a * of_b).square()) / (of_a + of_b)


def _of_absolute(a: torch.Tensor, b: torch.Tensor, of_a: torch.Tensor, of_b: torch.Tensor) -> torch.Tensor:
    return (a + b) / (of_a + of_b + torch.finfo(of_a.dtype).tiny)


def _of_exponential(a: torch.Tensor, b: torch.Tensor, of_a: torch.Tensor, of_b: torch.Tensor) -> torch.Tensor:
    return logarithmic_mean(of_a, of_b, a - b)


def _of_logarithm(a: torch.Tensor, b: torch.Tensor, of_a: torch.Tensor, of_b: torch.Tensor) -> torch.Tensor:
    return 1 / logarithmic_mean(a, b, of_a - of_b)


SLOPES: Mapping[Function, Slope] = MappingProxyType(
    {
        torch.abs: _of_absolute,
        torch.square: _of_square,
        torch.sqrt: _of_root,
        torch.rsqrt: _of_reciprocal_root,
        torch.reciprocal: _of_reciprocal,
        torch.exp: _of_exponential,
        torch.log: _of_logarithm,
    }
)
"""Functions of one value whose slope has a formula."""
