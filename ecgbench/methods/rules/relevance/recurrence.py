"""Recurrent layers by the rules of what they are made of: gates take nothing (Arras et al. 2017, doi:10.18653/v1/W17-5221)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ecgbench.methods.rules.calls import Function
from ecgbench.methods.rules.composed.recurrent import RECURRENT

if TYPE_CHECKING:
    import torch

    from ecgbench.methods.rules.relevance.context import Relevance


def through_time(rule: Relevance, function: Function, x: torch.Tensor, start: Any, *arguments: Any) -> Any:
    """A recurrent layer, or one step of it."""
    begin = _absorbing(rule, start, x)
    with rule:
        return RECURRENT[function](x, begin, *arguments)


def _absorbing(rule: Relevance, start: Any, x: torch.Tensor) -> Any:
    """The first state, which absorbs relevance where it is a constant: so the first step's gates take no more than the others'."""
    if isinstance(start, (list, tuple)):
        return tuple(_absorbing(rule, part, x) for part in start)
    return start if rule.differs(start) else rule.constant(start, x)


RULES: Mapping[Function, Any] = MappingProxyType(dict.fromkeys(RECURRENT, through_time))
