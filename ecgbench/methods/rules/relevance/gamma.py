"""The gamma rule and the box rule of layer-wise relevance propagation, for convolutions."""

from __future__ import annotations

from typing import Any

import torch

from ecgbench.methods.rules.relevance.affine import Affine, OfLayer, of_channels
from ecgbench.methods.rules.relevance.context import Relevance
from ecgbench.methods.rules.relevance.shares import EPSILON, Account

GAMMA = 0.25
"""What contributions of the output's sign count more than others (Montavon et al. 2019)."""

REGROUPED = ("Clone", "Unsqueeze", "Squeeze", "View", "UnsafeView", "ReshapeAlias", "Alias")
"""Operations, by the names of their gradients, that leave all values in their order."""


class GammaRelevance(Relevance):
    """A context in which convolutions of the window follow the box rule, and all others the gamma rule."""

    def __init__(self, model: torch.nn.Module, account: Account) -> None:
        super().__init__(model, account)
        self._boxed: list[torch.Tensor] = []

    def convolved(self, x: torch.Tensor, output: torch.Tensor, layer: Affine) -> torch.Tensor:
        """The output of a convolution, through which relevance passes back by its rule."""
        rule = _Box if _is_the_window(x) else _Gamma
        related: torch.Tensor = rule.apply(x, output, layer, self)  # type: ignore[no-untyped-call]
        return related

    def box(self, relevance: torch.Tensor) -> None:
        """Keep the relevance that a convolution of the window has given to its samples, in their order."""
        self._boxed.append(relevance)

    def finished(self, maps: torch.Tensor) -> torch.Tensor:
        """The whole map: what passed back to the windows, and what box rules gave to them."""
        return sum((relevance.reshape(maps.shape) for relevance in self._boxed), maps)


def _is_the_window(x: torch.Tensor) -> bool:
    """Whether the values are those of the window, in their order."""
    node = x.grad_fn
    while node is not None and node.name().removesuffix("Backward0").removesuffix("Backward1") in REGROUPED:
        node = node.next_functions[0][0]
    return x.requires_grad and (node is None or node.name().endswith("AccumulateGrad"))


class _Gamma(OfLayer):
    """Contributions count 1 + gamma times where they have the output's sign, the bias among them (Andeol et al. 2021, arXiv:2106.04923).

    Where inputs and outputs are positive, it is the rule of Montavon et al. Theirs is unstable for the negative outputs that a sum
    follows, since positive contributions, counted more, can cancel the others; here what is divided by is never smaller than the output.
    """

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[torch.Tensor, None, None, None]:
        (x,), (output, layer, rule) = ctx.saved_tensors, ctx.values
        above, below = (part.requires_grad_(True) for part in (x.detach().clamp(min=0), x.detach().clamp(max=0)))
        signed = bool((x < 0).any())
        with torch.enable_grad():
            every = layer(above + below if signed else above, layer.weight)
            positive = layer(above, layer.weight.clamp(min=0))
            if signed:
                positive = positive + layer(below, layer.weight.clamp(max=0))
        up, bias = output > 0, _bias(layer, output)
        favoured = torch.where(up, positive.detach() + bias.clamp(min=0), (every - positive).detach() + bias.clamp(max=0))
        stabiliser = torch.where(output < 0, -EPSILON, EPSILON).to(output)
        ratio = gradients[0] * output / (output + GAMMA * favoured + stabiliser)
        rule.account.absorb(ratio * (stabiliser + bias + GAMMA * torch.where(up, bias.clamp(min=0), bias.clamp(max=0))))
        more = GAMMA * ratio
        shares = ratio + torch.where(up, 0, more), torch.where(up, more, -more)
        if not signed:
            return torch.autograd.grad((every, positive), above, shares)[0], None, None, None
        of_above, of_below = torch.autograd.grad((every, positive), (above, below), shares)
        return torch.where(x < 0, of_below, of_above), None, None, None


class _Box(OfLayer):
    """Contributions are counted from the window's lowest value for positive weights, and from its highest for negative ones.

    So each is positive; the bias takes no part. No gradient passes back: the rule gives relevance to samples itself.
    """

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[torch.Tensor, None, None, None]:
        (x,), (output, layer, rule) = ctx.saved_tensors, ctx.values
        x, axes = x.detach(), tuple(range(1, x.ndim))
        bounds = x.amin(dim=axes, keepdim=True).expand_as(x), x.amax(dim=axes, keepdim=True).expand_as(x)
        terms = [part.clone().requires_grad_(True) for part in (x, *bounds)]
        weights = layer.weight, -layer.weight.clamp(min=0), -layer.weight.clamp(max=0)
        with torch.enable_grad():
            summed = torch.stack([layer(term, weight) for term, weight in zip(terms, weights, strict=True)]).sum(dim=0)
        ratio = gradients[0] * output / (summed.detach() + EPSILON)
        rule.account.absorb(ratio * EPSILON)
        slopes = torch.autograd.grad(summed, terms, ratio)
        rule.box(sum((term.detach() * slope for term, slope in zip(terms, slopes, strict=True)), torch.zeros_like(x)))
        return torch.zeros_like(x), None, None, None


def _bias(layer: Affine, output: torch.Tensor) -> torch.Tensor:
    return torch.zeros_like(output[:1]) if layer.bias is None else of_channels(layer.bias, output)
