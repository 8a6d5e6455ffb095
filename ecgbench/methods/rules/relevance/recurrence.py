"""Recurrent layers by the rules of what they are made of: gates take nothing (Arras et al. 2017, doi:10.18653/v1/W17-5221)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ecgbench.methods.rules.calls import Function
from ecgbench.methods.rules.recurrent import CELLS, LAYERS, one_step, unrolled

if TYPE_CHECKING:
    import torch

    from ecgbench.methods.rules.relevance.context import Relevance


def through_time(rule: Relevance, function: Function, x: torch.Tensor, *arguments: Any) -> Any:
    """A recurrent layer."""
    with rule:
        return unrolled(function, x, *arguments)


def step(rule: Relevance, function: Function, x: torch.Tensor, *arguments: Any) -> Any:
    """A recurrent cell."""
    with rule:
        return one_step(function, x, *arguments)


RULES: Mapping[Function, Any] = MappingProxyType({**dict.fromkeys(LAYERS, through_time), **dict.fromkeys(CELLS, step)})
