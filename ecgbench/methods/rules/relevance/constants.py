"""Constants that a network puts among values of a window, such as class tokens and masks: what they get of the relevance is absorbed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from ecgbench.methods.rules.calls import Function

if TYPE_CHECKING:
    from ecgbench.methods.rules.relevance.context import Relevance

JOINED: tuple[Function, ...] = (torch.cat, torch.concat, torch.concatenate, torch.stack, torch.hstack, torch.vstack, torch.dstack)


def absorbing(rule: Relevance, value: Any, anchor: torch.Tensor) -> torch.Tensor:
    """A constant as it is, or as a tensor that absorbs its relevance, in a network in which the anchor depends on the window."""
    if rule.differs(value):
        return value  # type: ignore[no-any-return]
    constant = torch.as_tensor(value, dtype=anchor.dtype, device=anchor.device)
    return rule.constant(constant, anchor) if bool(constant.any()) else constant


def joined(rule: Relevance, function: Function, tensors: Sequence[torch.Tensor], *arguments: Any, **options: Any) -> torch.Tensor:
    """Tensors behind or beside each other."""
    anchor = next((tensor for tensor in tensors if rule.differs(tensor)), None)
    terms = tensors if anchor is None else [absorbing(rule, tensor, anchor) for tensor in tensors]
    output: torch.Tensor = function(terms, *arguments, **options)
    return output


def chosen(rule: Relevance, function: Function, condition: torch.Tensor, *either: Any) -> Any:
    """Values of one or the other of two tensors."""
    if not any(rule.differs(value) for value in either):
        return function(condition, *either)
    anchor = next(value for value in either if rule.differs(value))
    shape = torch.broadcast_tensors(condition, *(value for value in either if isinstance(value, torch.Tensor)))[0].shape  # type: ignore[no-untyped-call]
    yes, no = (value if rule.differs(value) else absorbing(rule, _filled(value, anchor, shape), anchor) for value in either)
    return torch.where(condition, yes, no)


def _filled(value: Any, like: torch.Tensor, shape: Sequence[int]) -> torch.Tensor:
    return torch.as_tensor(value, dtype=like.dtype, device=like.device).expand(tuple(shape))


def chosen_of_self(rule: Relevance, function: Function, x: torch.Tensor, condition: torch.Tensor, other: Any) -> Any:
    """`torch.Tensor.where`."""
    return chosen(rule, torch.where, condition, x, other)


def filled(rule: Relevance, function: Function, x: torch.Tensor, mask: torch.Tensor, value: Any) -> Any:
    """Values of x, and another one where the mask is true."""
    return chosen(rule, torch.where, mask, value, x)


def written(rule: Relevance, function: Function, x: torch.Tensor, place: Any, value: Any) -> Any:
    """Values written into x."""
    return function(x, place, absorbing(rule, value, x) if rule.differs(x) else value)


def padded(rule: Relevance, function: Function, x: torch.Tensor, *arguments: Any, **options: Any) -> torch.Tensor:
    """Values of x, and others around them."""
    output: torch.Tensor = function(x, *arguments, **options)
    around = function(torch.zeros_like(x), *arguments, **options)
    return output if not bool(around.any()) else (output - around) + absorbing(rule, around, x)


RULES: Mapping[Function, Any] = MappingProxyType(
    {
        **dict.fromkeys(JOINED, joined),
        torch.where: chosen,
        torch.Tensor.where: chosen_of_self,
        torch.masked_fill: filled,
        torch.Tensor.masked_fill: filled,
        torch.Tensor.__setitem__: written,
        functional.pad: padded,
    }
)
