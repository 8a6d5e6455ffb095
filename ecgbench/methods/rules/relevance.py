"""Layer-wise relevance propagation, by gradients in which convolutions, linear layers, sums and averages follow rules.

What passes back through the network is relevance divided by the value that it belongs to. In these terms ReLUs, max pools, reshaping
and plain linear arithmetic are their own gradients, so rules are needed only where a stabiliser or a bias takes its share.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import MappingProxyType
from typing import Any, NamedTuple, cast

import torch
from torch.nn import functional

from ecgbench.methods._gradient import explained_logit, gradient_of
from ecgbench.methods._registry import Explanation
from ecgbench.methods.rules.calls import ELEMENTWISE, Function, Rules, check_sums

EPSILON = 1e-6
"""The stabiliser of every denominator, in the units of the values (Montavon et al. 2019)."""

CONVOLUTIONS: tuple[Function, ...] = (torch.conv1d, torch.conv2d)
AVERAGES: tuple[Function, ...] = (
    torch.mean,
    torch.Tensor.mean,
    torch.avg_pool1d,
    functional.avg_pool2d,
    torch.adaptive_avg_pool1d,
    functional.adaptive_avg_pool2d,
)
SUMS: tuple[Function, ...] = (torch.add, torch.Tensor.add, torch.Tensor.add_, torch.sub, torch.Tensor.sub, torch.Tensor.sub_)


def relevance(model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, rules: type[Relevance], method: str) -> Explanation:
    """Relevance of each sample for the target's logit; its total is the logit less what biases and stabilisers absorbed.

    Parameters
    ----------
    rules : what convolutions follow
    method : what an error calls the map

    Raises
    ------
    InputError
        If relevance is not conserved.
    """
    x, absorbed = x.detach().requires_grad_(True), torch.zeros(len(x), dtype=x.dtype, device=x.device)
    with rules(model, absorbed) as followed:
        logit = explained_logit(model, x, target)
    maps = followed.finished(gradient_of(logit, x) * x.detach())
    total = logit.detach() - absorbed  # filled in by the rules during backpropagation
    check_sums(maps, total, logit.detach(), method)
    return Explanation(maps, total)


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
        weight = self.weight * scale.view(-1, *[1] * (self.weight.ndim - 1))
        return self._replace(weight=weight, bias=shift if self.bias is None else self.bias * scale + shift)


class Relevance(Rules):
    """A context in which backpropagation follows the epsilon rule; subclasses have another one for convolutions.

    Parameters
    ----------
    model : the model that will be called
    absorbed : (n,), accumulates the relevance that biases and stabilisers absorb
    """

    def __init__(self, model: torch.nn.Module, absorbed: torch.Tensor) -> None:
        super().__init__(model)
        self.absorbed = absorbed

    def absorb(self, relevance: torch.Tensor) -> None:
        """Add relevance (n, ...) to the absorbed relevance of its windows."""
        self.absorbed += relevance.reshape(len(self.absorbed), -1).sum(dim=1)

    def convolved(self, x: torch.Tensor, output: torch.Tensor, layer: Affine) -> torch.Tensor:
        """The output of a convolution, through which relevance passes back by its rule."""
        return self._stabilised(layer(x, layer.weight, layer.bias), None if layer.bias is None else of_channels(layer.bias, output))

    def finished(self, maps: torch.Tensor) -> torch.Tensor:
        """The whole map, given the relevance (n, leads, time) that is the windows times what passed back to them."""
        return maps

    def _affine(self, function: Function, x: torch.Tensor, weight: torch.Tensor, *rest: Any, **options: Any) -> torch.Tensor:
        bias, *arguments = rest if rest else (options.pop("bias", None),)
        layer = Affine(function in CONVOLUTIONS, function, weight, bias, tuple(arguments), options)
        with torch.no_grad():
            output = layer(x, weight, bias)
        related = self._related(x, output, layer)
        # Lets a batch norm that follows be folded in, unless the output is changed in place before.
        related.affine = x, layer, related._version  # type: ignore[attr-defined]
        return related

    def _normed(self, function: Function, *arguments: Any, **options: Any) -> torch.Tensor:
        given = inspect.signature(function).bind(*arguments, **options)
        given.apply_defaults()
        x, mean, variance, weight, bias = (given.arguments[name] for name in ("input", "running_mean", "running_var", "weight", "bias"))
        if given.arguments["training"]:
            return cast(torch.Tensor, function(*arguments, **options))
        scale = (variance + given.arguments["eps"]).rsqrt() * (1 if weight is None else weight)
        shift = (0 if bias is None else bias) - mean * scale
        normed: torch.Tensor = function(*arguments, **options)
        affine: tuple[torch.Tensor, Affine, int] | None = getattr(x, "affine", None)
        if affine is None or affine[2] != x._version:
            return self._stabilised(normed, of_channels(shift, x))
        before, layer, _ = affine
        return self._related(before, normed.detach(), layer.normed(scale, shift))

    def _related(self, x: torch.Tensor, output: torch.Tensor, layer: Affine) -> torch.Tensor:
        # Unbound, since a subclass's rule is for convolutions alone.
        return self.convolved(x, output, layer) if layer.convolution else Relevance.convolved(self, x, output, layer)

    def _linear(self, function: Function, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
        # Only a linear layer of inputs (n, features) can be followed by a batch norm over its outputs.
        return self._affine(function, x, weight, bias) if x.ndim == 2 else self._stabilised(function(x, weight, bias), bias)

    def _averaged(self, function: Function, x: torch.Tensor, *arguments: Any, **options: Any) -> torch.Tensor:
        return self._stabilised(function(x, *arguments, **options))

    def _summed(self, function: Function, x: Any, other: Any, **options: Any) -> torch.Tensor:
        summed = function(x, other, **options)
        if _has_relevance(x) and _has_relevance(other):
            return self._stabilised(summed)
        constants = (torch.zeros_like(term) if _has_relevance(term) else term for term in (x, other))
        return self._stabilised(summed, function(*constants, **options).detach())

    def _activated(self, function: Function, x: torch.Tensor, *arguments: Any, **options: Any) -> torch.Tensor:
        passed: torch.Tensor = _PassThrough.apply(x, lambda values: function(values, *arguments, **options))  # type: ignore[no-untyped-call]
        return passed

    def _stabilised(self, output: torch.Tensor, offset: torch.Tensor | None = None) -> torch.Tensor:
        stabilised: torch.Tensor = _Stabilised.apply(output, offset, self)  # type: ignore[no-untyped-call]
        return stabilised

    rules = MappingProxyType(
        {
            functional.batch_norm: _normed,
            functional.linear: _linear,
            **dict.fromkeys(CONVOLUTIONS, _affine),
            **dict.fromkeys(SUMS, _summed),
            **dict.fromkeys(AVERAGES, _averaged),
            **dict.fromkeys(ELEMENTWISE, _activated),
        }
    )


class PositiveRelevance(Relevance):
    """A context in which convolutions follow the z+ rule: positive contributions only."""

    def convolved(self, x: torch.Tensor, output: torch.Tensor, layer: Affine) -> torch.Tensor:
        """The output of a convolution, through which relevance passes back by the z+ rule."""
        related: torch.Tensor = _Positive.apply(x, output, layer, self)  # type: ignore[no-untyped-call]
        return related


def _has_relevance(term: Any) -> bool:
    return isinstance(term, torch.Tensor) and term.requires_grad


def of_channels(values: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Values (channels,) reshaped to broadcast over (n, channels, ...)."""
    return values.view(-1, *[1] * (like.ndim - 2))


class _Stabilised(torch.autograd.Function):
    """The epsilon rule for a sum of terms, the constant `offset` among them; autograd shares relevance out in proportion to them."""

    @staticmethod
    def forward(ctx: Any, output: torch.Tensor, offset: torch.Tensor | None, rule: Relevance) -> torch.Tensor:
        ctx.values = output.detach().clone(), offset, rule
        return output.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[torch.Tensor, None, None]:
        output, offset, rule = ctx.values
        stabiliser = torch.where(output < 0, -EPSILON, EPSILON).to(output)
        ratio = gradients[0] * output / (output + stabiliser)
        rule.absorb(ratio * (stabiliser if offset is None else stabiliser + offset))
        return ratio, None, None


class _Positive(torch.autograd.Function):
    """The z+ rule of a convolution: relevance goes to positive contributions, x+ w+ and x- w-, and to the positive part of the bias."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, output: torch.Tensor, layer: Affine, rule: Relevance) -> torch.Tensor:
        ctx.save_for_backward(x)
        ctx.values = output, layer, rule
        return output.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[torch.Tensor, None, None, None]:
        (x,), (output, layer, rule) = ctx.saved_tensors, ctx.values
        x = x.detach()
        bias = None if layer.bias is None else layer.bias.clamp(min=0)
        above, below = (part.requires_grad_(True) for part in (x.clamp(min=0), x.clamp(max=0)))
        signed = bool((x < 0).any())
        with torch.enable_grad():
            positive = layer(above, layer.weight.clamp(min=0), bias)
            if signed:
                positive = positive + layer(below, layer.weight.clamp(max=0))
        ratio = gradients[0] * output / (positive.detach() + EPSILON)
        rule.absorb(ratio * (EPSILON if bias is None else EPSILON + of_channels(bias, output)))
        if not signed:
            return torch.autograd.grad(positive, above, ratio)[0], None, None, None
        of_above, of_below = torch.autograd.grad(positive, (above, below), ratio)
        return of_above * (x > 0) + of_below * (x < 0), None, None, None


class _PassThrough(torch.autograd.Function):
    """Hands the relevance of an activation's output to its input unchanged."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, function: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        output = function(x.detach().clone())
        ctx.slope = torch.where(x == 0, 0, output / torch.where(x == 0, 1, x))
        return output

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[torch.Tensor, None]:
        return gradients[0] * ctx.slope, None
