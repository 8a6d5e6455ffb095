"""Attention as the products and the softmax that it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from ecgbench.methods.rules.calls import Function

if TYPE_CHECKING:
    from ecgbench.methods.rules.relevance.context import Relevance


def attended(
    rule: Relevance,
    function: Function,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> torch.Tensor:
    """`torch.nn.functional.scaled_dot_product_attention`."""
    with rule:
        if enable_gqa:
            key, value = (part.repeat_interleave(query.shape[-3] // part.shape[-3], dim=-3) for part in (key, value))
        scores = query @ key.mT * (query.shape[-1] ** -0.5 if scale is None else scale)
        mask = torch.ones_like(scores, dtype=torch.bool).tril() if is_causal else attn_mask
        if mask is not None:
            scores = scores.masked_fill(~mask, -torch.inf) if mask.dtype == torch.bool else scores + mask
        return functional.dropout(torch.softmax(scores, dim=-1), dropout_p) @ value


RULES: Mapping[Function, Any] = MappingProxyType({functional.scaled_dot_product_attention: attended})
