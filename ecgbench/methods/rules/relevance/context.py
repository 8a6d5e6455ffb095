"""Layer-wise relevance propagation, by gradients of a network in which operations follow rules.

What passes back through the network is relevance divided by the value that it belongs to. In these terms whatever is linear, and whatever
is only scaled as its input is (ReLUs, max pools, lengths of vectors), is its own gradient. Rules are needed where a stabiliser, a bias or
another constant takes its share, and where a function is neither.
"""

from __future__ import annotations

import inspect
from types import MappingProxyType
from typing import Any

import torch
from torch.nn import functional

from ecgbench.methods.rules.calls import Function
from ecgbench.methods.rules.composed import COMPOSED
from ecgbench.methods.rules.linear import StrictRules, tensors_in
from ecgbench.methods.rules.opened import is_composed, opened
from ecgbench.methods.rules.relevance import constants, elementwise, gates, norms, recurrence, shares
from ecgbench.methods.rules.relevance.affine import CONVOLUTIONS, Affine, of_channels, positive
from ecgbench.methods.rules.relevance.shares import Account, Unary

AVERAGES: tuple[Function, ...] = (
    torch.mean,
    torch.Tensor.mean,
    torch.avg_pool1d,
    functional.avg_pool2d,
    torch.adaptive_avg_pool1d,
    functional.adaptive_avg_pool2d,
)
SUMS: tuple[Function, ...] = (
    *(torch.add, torch.Tensor.add, torch.sub, torch.Tensor.sub, torch.rsub, torch.Tensor.__rsub__),
    *(torch.subtract, torch.Tensor.subtract),
)

SCALED = frozenset(
    "Relu MaxPool2DWithIndices MaxPool3DWithIndices MkldnnMaxPool2D AdaptiveMaxPool2D AdaptiveMaxPool3D Amax Amin Max Min Maximum "
    "Minimum Fmax Fmin Sort Topk Kthvalue Median Cummax Cummin Abs Norm LinalgVectorNorm Std Hypot".split()
)
"""Autograd's nodes, without their ending, of functions whose output is scaled as their inputs are: gradient times input is the output."""


class Relevance(StrictRules):
    """A context in which backpropagation follows the epsilon rule; subclasses have another one for convolutions.

    Parameters
    ----------
    model : the model that will be called
    account : of the relevance that biases and stabilisers absorb
    """

    passing = SCALED

    def __init__(self, model: torch.nn.Module, account: Account) -> None:
        super().__init__(model)
        self.account = account

    def convolved(self, x: torch.Tensor, output: torch.Tensor, layer: Affine) -> torch.Tensor:
        """The output of a convolution, through which relevance passes back by its rule."""
        return self.stabilised(layer(x, layer.weight, layer.bias), None if layer.bias is None else of_channels(layer.bias, output))

    def finished(self, maps: torch.Tensor) -> torch.Tensor:
        """The whole map, given the relevance (n, leads, time) that is the windows times what passed back to them."""
        return maps

    def stabilised(self, output: torch.Tensor, offset: torch.Tensor | None = None) -> torch.Tensor:
        """A sum of terms, the constant `offset` among them, through which relevance passes back by the epsilon rule."""
        if output.is_complex():  # which have no sign to stabilise
            return output if offset is None else (output - offset) + constants.absorbing(self, offset.expand_as(output), output)
        return shares.stabilised(output, offset, self.account)

    def passed(self, x: torch.Tensor, function: Unary, rank: int) -> torch.Tensor:
        """An elementwise function's output, whose relevance is handed to its input; `rank` says how much of a gate it is."""
        return shares.handed_on(x, function, rank, self.account)

    def constant(self, values: torch.Tensor, anchor: torch.Tensor) -> torch.Tensor:
        """Values that absorb their relevance, in a network in which the anchor depends on the window."""
        absorbing = shares.constant(anchor, values, self.account)
        self.pass_through(absorbing)
        return absorbing

    def pass_through(self, output: torch.Tensor) -> None:
        """Let the output of a function through that passes relevance back by a rule."""
        self._seen.add(output.grad_fn)  # type: ignore[arg-type]

    def differs(self, value: Any) -> bool:
        """Whether a value depends on the window."""
        return isinstance(value, torch.Tensor) and value.requires_grad

    def without_rule(self, function: Function, args: Any, kwargs: Any) -> Any:
        """Call a function that has no rule: by the rules of what it is composed of, or if it is linear."""
        plainer = COMPOSED.get(function) or (opened(function) if is_composed(function) else None)
        if plainer is not None:
            with self:
                return plainer(*args, **kwargs)
        return super().without_rule(function, args, kwargs)

    def _check_cut(self, function: Function, given: list[torch.Tensor], result: Any, first: Any) -> None:
        super()._check_cut(function, given, result, first)
        for tensor in tensors_in(result):
            # Numbers of places and conditions are constants, and so is what jumps: such maps are of the window as it is.
            if function in elementwise.STEPS or not (tensor.is_floating_point() or tensor.is_complex()):
                self._cut.pop(tensor, None)  # type: ignore[no-untyped-call]

    def _affine(self, function: Function, x: torch.Tensor, weight: torch.Tensor, *rest: Any, **options: Any) -> torch.Tensor:
        bias, *arguments = rest if rest else (options.pop("bias", None),)
        if self.differs(weight) or self.differs(bias):
            raise self.refusal(f"torch.{function.__name__} with weights that depend on the window")
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
            raise self.refusal("torch.nn.functional.batch_norm with the statistics of a batch")
        scale = (variance + given.arguments["eps"]).rsqrt() * (1 if weight is None else weight)
        shift = (0 if bias is None else bias) - mean * scale
        normed: torch.Tensor = function(*arguments, **options)
        affine: tuple[torch.Tensor, Affine, int] | None = getattr(x, "affine", None)
        if affine is None or affine[2] != x._version:
            return self.stabilised(normed, of_channels(shift, x))
        before, layer, _ = affine
        return self._related(before, normed.detach(), layer.normed(scale, shift))

    def _related(self, x: torch.Tensor, output: torch.Tensor, layer: Affine) -> torch.Tensor:
        # Unbound, since a subclass's rule is for convolutions alone.
        return self.convolved(x, output, layer) if layer.convolution else Relevance.convolved(self, x, output, layer)

    def _linear(self, function: Function, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
        if self.differs(weight) or self.differs(bias):
            return norms.affine(self, gates.multiplied(self, torch.matmul, x, weight.mT), None, bias)
        # Only a linear layer of inputs (n, features) can be followed by a batch norm over its outputs.
        return self._affine(function, x, weight, bias) if x.ndim == 2 else self.stabilised(function(x, weight, bias), bias)

    def _averaged(self, function: Function, x: torch.Tensor, *arguments: Any, **options: Any) -> torch.Tensor:
        return self.stabilised(function(x, *arguments, **options))

    def _summed(self, function: Function, x: Any, other: Any, **options: Any) -> torch.Tensor:
        summed = function(x, other, **options)
        if self.differs(x) and self.differs(other):
            return self.stabilised(summed)
        alone = (torch.zeros_like(term) if self.differs(term) else term for term in (x, other))
        return self.stabilised(summed, function(*alone, **options).detach())

    rules = MappingProxyType(
        {
            **elementwise.RULES,
            **gates.RULES,
            **norms.RULES,
            **constants.RULES,
            **recurrence.RULES,
            functional.batch_norm: _normed,
            functional.linear: _linear,
            **dict.fromkeys(CONVOLUTIONS, _affine),
            **dict.fromkeys(SUMS, _summed),
            **dict.fromkeys(AVERAGES, _averaged),
        }
    )


class PositiveRelevance(Relevance):
    """A context in which convolutions follow the z+ rule: positive contributions only."""

    def convolved(self, x: torch.Tensor, output: torch.Tensor, layer: Affine) -> torch.Tensor:
        """The output of a convolution, through which relevance passes back by the z+ rule."""
        return positive(x, output, layer, self.account)
