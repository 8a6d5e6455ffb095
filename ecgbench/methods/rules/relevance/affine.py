"""Convolutions and linear layers with the batch norm behind them, and the z+ rule that they follow."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch

from ecgbench.methods.rules.calls import Function
from ecgbench.methods.rules.relevance.shares import EPSILON, Account

TRANSPOSED: tuple[Function, ...] = (torch.conv_transpose1d, torch.conv_transpose2d, torch.conv_transpose3d)
CONVOLUTIONS: tuple[Function, ...] = (torch.conv1d, torch.conv2d, torch.conv3d, *TRANSPOSED)

GROUPS = 3
"""Place of the number of groups among the arguments of a transposed convolution that follow its bias."""


class Affine(NamedTuple):
    """A convolution or linear layer, with the batch norm behind it folded in: function(x, weight, bias, *arguments, **options)."""

    convolution: bool
    function: Function
    weight: torch.Tensor
    bias: torch.Tensor | None
    arguments: tuple[Any, ...]
    options: dict[str, Any]

    def __call__(self, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
        """The layer's output with other weights."""
        output: torch.Tensor = self.function(x, weight, bias, *self.arguments, **self.options)
        return output

    def normed(self, scale: torch.Tensor, shift: torch.Tensor) -> Affine:
        """The layer with a batch norm behind it folded in."""
        if self.function in TRANSPOSED:
            weight = self._weight_by_group() * scale.view(self._groups, 1, -1, *[1] * (self.weight.ndim - 2))
            weight = weight.reshape(self.weight.shape)
        else:
            weight = self.weight * scale.view(-1, *[1] * (self.weight.ndim - 1))
        return self._replace(weight=weight, bias=shift if self.bias is None else self.bias * scale + shift)

    @property
    def _groups(self) -> int:
        groups: int = self.options.get("groups", self.arguments[GROUPS] if len(self.arguments) > GROUPS else 1)
        return groups

    def _weight_by_group(self) -> torch.Tensor:
        """The weight of a transposed convolution as (groups, inputs, outputs, ...)."""
        return self.weight.view(self._groups, -1, *self.weight.shape[1:])


def of_channels(values: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Values (channels,) reshaped to broadcast over (n, channels, ...)."""
    return values.view(-1, *[1] * (like.ndim - 2))


class OfLayer(torch.autograd.Function):
    """A rule of a layer's output: a subclass says what passes back, given the layer's input, output and weights."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, output: torch.Tensor, layer: Affine, told: Any) -> torch.Tensor:
        """The output as it is; `told` is whom the rule tells what it doesn't pass back."""
        ctx.save_for_backward(x)
        ctx.values = output, layer, told
        return output.clone()


def positive(x: torch.Tensor, output: torch.Tensor, layer: Affine, account: Account) -> torch.Tensor:
    """The z+ rule of a convolution: relevance goes to positive contributions, x+ w+ and x- w-, and to the positive part of the bias."""
    result: torch.Tensor = _Positive.apply(x, output, layer, account)  # type: ignore[no-untyped-call]
    return result


class _Positive(OfLayer):
    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[torch.Tensor, None, None, None]:
        (x,), (output, layer, account) = ctx.saved_tensors, ctx.values
        x = x.detach()
        bias = None if layer.bias is None else layer.bias.clamp(min=0)
        above, below = (part.requires_grad_(True) for part in (x.clamp(min=0), x.clamp(max=0)))
        signed = bool((x < 0).any())
        with torch.enable_grad():
            positive = layer(above, layer.weight.clamp(min=0), bias)
            if signed:
                positive = positive + layer(below, layer.weight.clamp(max=0))
        ratio = gradients[0] * output / (positive.detach() + EPSILON)
        account.absorb(ratio * (EPSILON if bias is None else EPSILON + of_channels(bias, output)))
        if not signed:
            return torch.autograd.grad(positive, above, ratio)[0], None, None, None
        of_above, of_below = torch.autograd.grad(positive, (above, below), ratio)
        return of_above * (x > 0) + of_below * (x < 0), None, None, None
