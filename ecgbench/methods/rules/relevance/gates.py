"""Products of what several values of a window gave, such as gates and attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from ecgbench.methods.rules.calls import Function
from ecgbench.methods.rules.linear import kind_of

if TYPE_CHECKING:
    from ecgbench.methods.rules.relevance.context import Relevance

GATE, BOUNDED, SIGNAL = 2, 1, 0
"""How much of a gate a factor is: a share or a scale, a bounded or exponential function, anything else."""

RANKS: Mapping[Function, int] = MappingProxyType(
    {
        **dict.fromkeys((torch.sigmoid, functional.hardsigmoid, torch.softmax, torch.reciprocal, torch.rsqrt), GATE),
        **dict.fromkeys(
            (torch.tanh, functional.hardtanh, functional.relu6, torch.clamp, functional.softsign, torch.erf, torch.exp), BOUNDED
        ),
    }
)
"""Functions whose outputs are more of a gate than others."""

RANK = "rank"
"""Name of the note, at a node of autograd's, of how much of a gate its output is."""

UNMIXED = frozenset(
    "Alias Clone Copy CopySlices Expand Permute Repeat ReshapeAlias Select Slice Split SplitWithSizes Squeeze T Transpose Unbind "
    "UnsafeSplit UnsafeView Unsqueeze View Add Sub Rsub Mul Div Neg _Stabilised".split()
)
"""Autograd's nodes, without their ending, behind which each value is still one of those before, in another place or by other constants."""


def rank_of(factor: torch.Tensor) -> int:
    """How much of a gate a factor of a product is, by the function that it came from."""
    node = factor.grad_fn
    while node is not None:
        rank: int | None = getattr(node, RANK, _notes_at(node).get(RANK))
        if rank is not None:
            return rank
        parents = [parent for parent, _ in node.next_functions if parent is not None]
        if kind_of(node) not in UNMIXED or len(parents) != 1:
            return SIGNAL
        node = parents[0]
    return SIGNAL


def multiplied(rule: Relevance, function: Function, *arguments: Any, **options: Any) -> Any:
    """A product: its relevance goes to the factors that are least of a gate, in equal parts, and the others are as constants.

    So a signal takes all that a gate lets through (Arras et al. 2017, doi:10.18653/v1/W17-5221), attention's values take what its weights
    let through (Ali et al. 2022, arXiv:2202.07304), and products of equals are uniform (AttnLRP, Achtibat et al. 2024, arXiv:2402.05602).

    Parameters
    ----------
    function : linear in each of the tensors among its arguments
    """
    named = [name for name, value in options.items() if isinstance(value, torch.Tensor)]
    arguments = *arguments, *(options.pop(name) for name in named)
    values, places = list(arguments), [i for i, value in enumerate(arguments) if rule.differs(value)]
    if len(places) < 2:
        return function(*arguments, **options)
    ranks = {i: rank_of(values[i]) for i in places}
    signals = [i for i in places if ranks[i] == min(ranks.values())]
    terms = [function(*_constant_but(values, i), **options) for i in signals]
    product: torch.Tensor = sum(terms[1:], terms[0]) / len(terms)
    _notes_at(product.grad_fn)[RANK] = SIGNAL
    return product


def _notes_at(node: Any) -> dict[str, int]:
    notes: dict[str, int] = node.metadata
    return notes


def _constant_but(values: Sequence[Any], place: int) -> list[Any]:
    return [value.detach() if isinstance(value, torch.Tensor) and i != place else value for i, value in enumerate(values)]


def contracted(rule: Relevance, function: Function, *arguments: Any) -> Any:
    """An Einstein sum, whose operands may come as a list."""
    if len(arguments) == 2 and isinstance(arguments[1], (list, tuple)):
        arguments = arguments[0], *arguments[1]
    return multiplied(rule, function, *arguments)


def divided(rule: Relevance, function: Function, x: Any, other: Any, **options: Any) -> Any:
    """A ratio: its relevance is the numerator's, and the denominator is as a constant, as the scale of a norm is (Ali et al. 2022)."""
    if not rule.differs(other):
        return function(x, other, **options)
    if rule.differs(x):
        return function(x, other.detach(), **options)
    return rule.passed(other, lambda values: function(x, values, **options), GATE)


def inverted(rule: Relevance, function: Function, x: torch.Tensor, other: Any) -> Any:
    """The ratio of something to x."""
    return divided(rule, torch.div, other, x)


def raised(rule: Relevance, function: Function, x: Any, exponent: Any) -> torch.Tensor:
    """A power of x, or to the power of x."""
    if rule.differs(x) and rule.differs(exponent):
        raise rule.refusal("torch.pow of two tensors that depend on the window")
    if rule.differs(x):
        rank = GATE if isinstance(exponent, (int, float)) and exponent < 0 else SIGNAL
        return rule.passed(x, lambda values: function(values, exponent), rank)
    return rule.passed(exponent, lambda values: function(x, values), BOUNDED)


def raised_to(rule: Relevance, function: Function, x: torch.Tensor, base: Any) -> torch.Tensor:
    """A number to the power of x."""
    return rule.passed(x, lambda values: torch.pow(base, values), BOUNDED)


def added_product(rule: Relevance, function: Function, x: torch.Tensor, *factors: torch.Tensor, **options: Any) -> torch.Tensor:
    """A sum of a tensor and a product, as `torch.addmm` and its kin compute it."""
    beta, alpha, value = options.pop("beta", 1), options.pop("alpha", 1), options.pop("value", 1)
    products: dict[Function, Function] = {torch.addcmul: torch.mul, torch.baddbmm: torch.bmm, torch.addmm: torch.mm, torch.addmv: torch.mv}
    product = products[function]
    with rule:
        summed: torch.Tensor = x * beta + product(*factors) * (alpha * value)
        return summed


PRODUCTS: tuple[Function, ...] = (
    *(torch.mul, torch.Tensor.mul, torch.multiply, torch.Tensor.multiply),
    *(torch.matmul, torch.Tensor.matmul, torch.mm, torch.Tensor.mm, torch.bmm, torch.Tensor.bmm, torch.Tensor.__rmatmul__),
    *(torch.mv, torch.Tensor.mv, torch.dot, torch.Tensor.dot, torch.outer, torch.Tensor.outer, torch.linalg.vecdot),
)
RATIOS: tuple[Function, ...] = (
    *(torch.div, torch.Tensor.div, torch.true_divide, torch.Tensor.true_divide, torch.divide, torch.Tensor.divide),
)

RULES: Mapping[Function, Any] = MappingProxyType(
    {
        **dict.fromkeys(PRODUCTS, multiplied),
        **dict.fromkeys(
            (torch.div, torch.Tensor.div, torch.true_divide, torch.Tensor.true_divide, torch.divide, torch.Tensor.divide), divided
        ),
        torch.einsum: contracted,
        torch.Tensor.__rtruediv__: inverted,
        **dict.fromkeys((torch.pow, torch.Tensor.pow, torch.Tensor.__pow__), raised),
        torch.Tensor.__rpow__: raised_to,
        **dict.fromkeys((torch.addmm, torch.addmv, torch.addcmul, torch.baddbmm), added_product),
    }
)
