"""Functions of each value by itself, and functions that are expanded at the window."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from ecgbench.methods.rules.calls import ELEMENTWISE, Function
from ecgbench.methods.rules.relevance import shares
from ecgbench.methods.rules.relevance.gates import RANKS, SIGNAL

if TYPE_CHECKING:
    from ecgbench.methods.rules.relevance.context import Relevance

NAMES = (
    *("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "rsqrt", "square", "reciprocal", "erf", "erfc"),
    *("sin", "cos", "sinh", "cosh", "asinh", "atan", "clamp_min", "clamp_max", "nan_to_num"),
)
"""Names of functions that are both in `torch` and methods of tensors."""


def _both(*names: str) -> tuple[Function, ...]:
    return tuple(getattr(place, name) for name in names for place in (torch, torch.Tensor))


FURTHER: tuple[Function, ...] = (*_both(*NAMES), functional.threshold, functional.hardshrink, functional.softshrink)
STEPS = _both("sign", "floor", "ceil", "round", "trunc")
"""Functions that are constant but for jumps."""

LARGER = _both("maximum", "minimum", "fmax", "fmin")
LARGEST = _both("max", "min")
EXPANDED = _both("softmax", "log_softmax", "logsumexp")
VARIANCES = _both("var")


def activated(rule: Relevance, function: Function, x: torch.Tensor, *arguments: Any, **options: Any) -> torch.Tensor:
    """An elementwise function, which hands its relevance on."""
    plain = getattr(torch, function.__name__, function) if function in FURTHER else function
    return rule.passed(x, lambda values: function(values, *arguments, **options), RANKS.get(plain, SIGNAL))


def stepped(rule: Relevance, function: Function, x: torch.Tensor, *arguments: Any, **options: Any) -> torch.Tensor:
    """A function with jumps, whose value is as a constant: it absorbs its share."""
    output: torch.Tensor = function(x.detach(), *arguments, **options)
    return output


def larger(rule: Relevance, function: Function, x: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """The larger or smaller of two: it takes all, and one that is a constant makes it an elementwise function."""
    if rule.differs(x) and rule.differs(other):
        output: torch.Tensor = function(x, other)
        return output
    varying, constant = (x, other) if rule.differs(x) else (other, x)
    return rule.passed(varying.expand_as(torch.broadcast_tensors(x, other)[0]), lambda values: function(values, constant), SIGNAL)  # type: ignore[no-untyped-call]


def largest(rule: Relevance, function: Function, x: torch.Tensor, *arguments: Any, **options: Any) -> Any:
    """The largest or smallest values of x, or the larger or smaller ones of x and another tensor."""
    other = options.get("other", arguments[0] if arguments else None)
    return larger(rule, function, x, other) if isinstance(other, torch.Tensor) else function(x, *arguments, **options)


def expanded(rule: Relevance, function: Function, x: torch.Tensor, *arguments: Any, **options: Any) -> torch.Tensor:
    """A softmax, or a logarithm of it: the Taylor expansion at the window (Achtibat et al. 2024, arXiv:2402.05602)."""
    options.pop("_stacklevel", None)  # of torch.nn.functional's forms
    rank = RANKS.get(getattr(torch, function.__name__), SIGNAL)
    return shares.first_order(x, lambda values: function(values, *arguments, **options), rank, rule.account)


def of_second_degree(rule: Relevance, function: Function, x: torch.Tensor, *arguments: Any, **options: Any) -> torch.Tensor:
    """A variance: values share its relevance as gradient times value, which is twice the variance (Euler)."""
    variance: torch.Tensor = function(x, *arguments, **options)
    return (variance + variance.detach()) / 2


def gated_linear(rule: Relevance, function: Function, x: torch.Tensor, dim: int = -1) -> torch.Tensor:
    """`torch.nn.functional.glu`."""
    signal, gate = x.chunk(2, dim)
    with rule:
        return signal * torch.sigmoid(gate)


RULES: Mapping[Function, Any] = MappingProxyType(
    {
        **dict.fromkeys((*ELEMENTWISE, *FURTHER), activated),
        **dict.fromkeys(STEPS, stepped),
        **dict.fromkeys(LARGER, larger),
        **dict.fromkeys(LARGEST, largest),
        **dict.fromkeys(EXPANDED, expanded),
        **dict.fromkeys(VARIANCES, of_second_degree),
        functional.glu: gated_linear,
    }
)
