"""Attention in terms of matrix products and a softmax."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import torch
from torch.nn import functional

from ecgbench.errors import InputError
from ecgbench.methods.rules.calls import Function

Maybe = torch.Tensor | None


def attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: Maybe = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> torch.Tensor:
    """`torch.nn.functional.scaled_dot_product_attention`, of (..., queries, features) and (..., keys, features).

    Raises
    ------
    InputError
        If it drops weights, or heads share keys.
    """
    if dropout_p or enable_gqa:
        raise InputError("expected attention without dropout and shared keys, got one with; remove them, or choose another method.")
    if is_causal:
        attn_mask = torch.ones(query.shape[-2], key.shape[-2], dtype=torch.bool, device=query.device).tril()
    factor = query.shape[-1] ** -0.5 if scale is None else scale
    return _weights(query * factor, key, attn_mask, None) @ value


def _weights(query: torch.Tensor, key: torch.Tensor, mask: Maybe, absent: Maybe) -> torch.Tensor:
    """Softmax over keys of the products of queries and keys.

    Parameters
    ----------
    mask : added to the products, or true where a key takes part
    absent : (n, 1, 1, keys), true where a key takes no part
    """
    scores = query @ key.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(mask.logical_not(), -torch.inf) if mask.dtype == torch.bool else scores + mask
    if absent is not None:
        scores = scores.masked_fill(absent, -torch.inf) if absent.dtype == torch.bool else scores + absent
    return torch.softmax(scores, dim=-1)


_SIGNATURE = inspect.signature(functional.multi_head_attention_forward)


def heads_of_attention(*arguments: Any, **options: Any) -> tuple[torch.Tensor, Maybe]:
    """`torch.nn.functional.multi_head_attention_forward`, of (time, n, features).

    Raises
    ------
    InputError
        If keys or values are added to those of the window, weights are dropped, or there is no axis of windows.
    """
    bound = _SIGNATURE.bind(*arguments, **options)
    bound.apply_defaults()
    given = bound.arguments
    added = any(given[name] is not None for name in ("bias_k", "bias_v", "static_k", "static_v")) or given["add_zero_attn"]
    if added or given["query"].ndim != 3 or (given["training"] and given["dropout_p"]):
        raise InputError(
            "expected attention over (time, n, features) without added keys and dropout, got another; use this form, or choose another "
            "method."
        )
    query, key, value = (_headed(projected, given["num_heads"]) for projected in _projected(given))
    mask, absent = given["attn_mask"], given["key_padding_mask"]
    if mask is not None:  # true where a key takes no part, other than in `attention`
        mask = mask.logical_not() if mask.dtype == torch.bool else mask
        mask = mask.reshape(*query.shape[:2], *mask.shape[1:]) if mask.ndim == 3 else mask
    weights = _weights(query * query.shape[-1] ** -0.5, key, mask, None if absent is None else absent[:, None, None])
    joined = (weights @ value).transpose(1, 2).flatten(2)
    output = functional.linear(joined, given["out_proj_weight"], given["out_proj_bias"]).transpose(0, 1)
    if not given["need_weights"]:
        return output, None
    return output, weights.mean(dim=1) if given["average_attn_weights"] else weights


def _projected(given: dict[str, Any]) -> list[torch.Tensor]:
    """Queries, keys and values (n, time, features)."""
    names = ("q_proj_weight", "k_proj_weight", "v_proj_weight")
    weights = [given[name] for name in names] if given["use_separate_proj_weight"] else given["in_proj_weight"].chunk(3)
    biases = [None] * 3 if given["in_proj_bias"] is None else given["in_proj_bias"].chunk(3)
    inputs = (given[name].transpose(0, 1) for name in ("query", "key", "value"))
    return [functional.linear(x, weight, bias) for x, weight, bias in zip(inputs, weights, biases, strict=True)]


def _headed(x: torch.Tensor, heads: int) -> torch.Tensor:
    """(n, time, features) -> (n, heads, time, features of a head)."""
    return x.view(*x.shape[:2], heads, -1).transpose(1, 2)


ATTENTION: Mapping[Function, Function] = MappingProxyType(
    {
        functional.scaled_dot_product_attention: attention,
        functional.multi_head_attention_forward: heads_of_attention,
    }
)
