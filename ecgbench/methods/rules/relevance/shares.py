"""How the relevance of an operation's output is shared out, as functions whose gradients are relevance divided by the values it belongs to.

Each tells the account of absorbed relevance what it doesn't hand on, so that map and absorbed relevance sum to the logit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

EPSILON = 1e-6
"""The stabiliser of every denominator, in the units of the values (Montavon et al. 2019)."""

Unary = Callable[[torch.Tensor], torch.Tensor]


class Account:
    """The relevance that biases, constants and stabilisers absorb.

    Parameters
    ----------
    windows : the windows that are explained, whose precision and device it has

    Attributes
    ----------
    absorbed : (n,) relevance
    """

    def __init__(self, windows: torch.Tensor) -> None:
        self.absorbed = torch.zeros(len(windows), dtype=windows.dtype, device=windows.device)

    def absorb(self, relevance: torch.Tensor) -> None:
        """Add relevance (n, ...) to that absorbed of its windows; to all in equal parts, where windows are not on the first axis."""
        n, values = len(self.absorbed), relevance.real if relevance.is_complex() else relevance
        if values.ndim and len(values) % n == 0:
            self.absorbed += values.reshape(n, -1).sum(dim=1)
        else:
            self.absorbed += values.sum() / n


def stabiliser_of(output: torch.Tensor) -> torch.Tensor:
    """What is added to a denominator, away from zero."""
    return torch.where(output < 0, -EPSILON, EPSILON).to(output)


def stabilised(output: torch.Tensor, offset: torch.Tensor | None, account: Account) -> torch.Tensor:
    """The epsilon rule for a sum of terms, the constant `offset` among them; autograd shares relevance out in proportion to them."""
    result: torch.Tensor = _Stabilised.apply(output, offset, account)  # type: ignore[no-untyped-call]
    return result


class _Stabilised(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, output: torch.Tensor, offset: torch.Tensor | None, account: Account) -> torch.Tensor:
        ctx.values = output.detach().clone(), offset, account
        return output.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[torch.Tensor, None, None]:
        output, offset, account = ctx.values
        stabiliser = stabiliser_of(output)
        ratio = gradients[0] * output / (output + stabiliser)
        account.absorb(ratio * (stabiliser if offset is None else stabiliser + offset))
        return ratio, None, None


def constant(anchor: torch.Tensor, values: torch.Tensor, account: Account) -> torch.Tensor:
    """Values that no window changes, among others that a window does: what they get of the relevance is absorbed.

    The `anchor` is any tensor that depends on the window: it gets nothing, but makes backpropagation come by here.
    """
    result: torch.Tensor = _Constant.apply(anchor, values, account)  # type: ignore[no-untyped-call]
    return result


class _Constant(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, anchor: torch.Tensor, values: torch.Tensor, account: Account) -> torch.Tensor:
        ctx.values = values, account
        return values.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[None, None, None]:
        (values, account), gradient = ctx.values, gradients[0]
        # Minus infinity stands in masks of attention; nothing reaches it.
        account.absorb(torch.where(gradient == 0, 0, gradient * values.conj()))
        return None, None, None


def handed_on(x: torch.Tensor, function: Unary, rank: int, account: Account) -> torch.Tensor:
    """An elementwise function, which hands its relevance to its input; what it gives for 0 absorbs its share, as biases do.

    Parameters
    ----------
    rank : how much of a gate it is, see `gates`
    """
    result: torch.Tensor = _HandedOn.apply(x, function, rank, account)  # type: ignore[no-untyped-call]
    return result


class _HandedOn(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, function: Unary, rank: int, account: Account) -> torch.Tensor:
        output = function(x.detach().clone())
        without = function(torch.zeros_like(x)).nan_to_num(0, 0, 0)
        ctx.slope = torch.where(x == 0, 0, (output - without) / torch.where(x == 0, 1, x))
        ctx.rank, ctx.values = rank, (without if bool(without.any()) else None, account)
        return output

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[torch.Tensor, None, None, None]:
        without, account = ctx.values
        if without is not None:
            account.absorb(gradients[0] * without)
        return gradients[0] * ctx.slope, None, None, None


def first_order(x: torch.Tensor, function: Unary, rank: int, account: Account) -> torch.Tensor:
    """The Taylor expansion at the window, to first order; what it leaves of the relevance is absorbed.

    Parameters
    ----------
    rank : how much of a gate it is, see `gates`
    """
    result: torch.Tensor = _FirstOrder.apply(x, function, rank, account)  # type: ignore[no-untyped-call]
    return result


class _FirstOrder(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, function: Unary, rank: int, account: Account) -> torch.Tensor:
        with torch.enable_grad():
            values = x.detach().requires_grad_(True)
            output = function(values)
        ctx.rank, ctx.values = rank, (values, output, account)
        return output.detach()

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[torch.Tensor, None, None, None]:
        (x, output, account), gradient = ctx.values, gradients[0]
        (slope,) = torch.autograd.grad(output, x, gradient, retain_graph=True)
        account.absorb(torch.where(gradient == 0, 0, gradient * output.detach()))
        account.absorb(torch.where(slope == 0, 0, -slope * x.detach()))
        return slope, None, None, None
