"""Guided backpropagation: gradients that pass ReLUs only where they are positive."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

import torch
from torch.nn import functional

from ecgbench.errors import InputError, MapWarning
from ecgbench.methods.rules.calls import RELU, Function, Rules
from ecgbench.methods.rules.linear import is_linear, kind_of

OTHER_RECTIFIERS: tuple[Function, ...] = (
    *(functional.leaky_relu, functional.prelu, functional.elu, functional.selu, functional.celu, functional.gelu, functional.silu),
    *(functional.mish, functional.softplus, functional.hardswish),
)
"""Activations that stand where a ReLU could; gates and squashing functions are none."""

SEEN_THROUGH = frozenset("MaxPool2DWithIndices MkldnnMaxPool2D AdaptiveMaxPool2D Amax".split())
"""Autograd's nodes, without their ending, that choose among values and change none."""

HIDDEN = ("ReluBackward", "Clamp", "Hardtanh", "Maximum", "Threshold")
"""How names of autograd's nodes begin that are rectifiers."""

REFERENCE = "guided backpropagation is defined for ReLUs (Springenberg et al. 2015, arXiv:1412.6806)"


class _GuidedReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, guide: GuidedReLUs) -> torch.Tensor:
        ctx.guide = guide
        ctx.save_for_backward(x > 0)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[torch.Tensor, None]:
        (passes,) = ctx.saved_tensors
        gradient: torch.Tensor = gradients[0]
        return (gradient.clamp(min=0) if ctx.guide.clips else gradient) * passes, None


class GuidedReLUs(Rules):
    """A context in which backpropagated gradients are clipped at 0 at every ReLU.

    Parameters
    ----------
    model : the model that will be called
    windows : how many it will be called with

    Attributes
    ----------
    clips : whether gradients are clipped; if not, the result is the ordinary gradient
    """

    def __init__(self, model: torch.nn.Module, windows: int) -> None:
        super().__init__(model)
        self.clips = True
        self._windows = windows
        self._called = self._guides = False
        self._others: dict[str, None] = {}  # in the order of their calls
        self._unguided: dict[str, None] = {}

    def _guided(self, relu: Function, x: torch.Tensor) -> torch.Tensor:
        self._called = True
        if not self._guides:
            before = [] if self._has_time(x) else [kind for kind in _nonlinear(x) if kind not in SEEN_THROUGH]
            self._guides = not before
            self._unguided.update(dict.fromkeys(kind.lower() for kind in before))
        guided: torch.Tensor = _GuidedReLU.apply(x, self)  # type: ignore[no-untyped-call]
        return guided

    def _plain(self, function: Function, x: torch.Tensor, *arguments: Any, **options: Any) -> torch.Tensor:
        if x.requires_grad and self._has_time(x):
            self._others[function.__name__] = None
        output: torch.Tensor = function(x, *arguments, **options)
        return output

    rules = MappingProxyType({RELU: _guided, **dict.fromkeys(OTHER_RECTIFIERS, _plain)})

    def _has_time(self, x: torch.Tensor) -> bool:
        """Whether values are those of units at several places: more than one for each window and channel, on whichever axis."""
        sizes = [size for size in x.shape[1:] if size > 1]
        return len(x) != self._windows or len(sizes) > 1 or (bool(sizes) and x.ndim > 2 and x.shape[1] == 1)

    def check_seen(self, logit: torch.Tensor, method: str) -> None:
        """Refuse a network whose guided gradient would silently be the ordinary one, and warn of activations that are not guided.

        Raises
        ------
        InputError
            If no ReLU was intercepted, or none before time was averaged, or the graph holds a rectifier that was not intercepted.
        """
        others = ", ".join(self._others)
        if not self._called:
            got = f"one that calls {others} instead" if others else "one that calls neither"
            raise InputError(f"expected a model that calls nn.ReLU or torch.relu, got {got}: {REFERENCE}; choose another method.")
        if any(kind.startswith(HIDDEN) for kind in _operations(logit)):
            raise InputError("expected ReLUs called as nn.ReLU or torch.relu, got one that is computed otherwise; use one of these.")
        if not self._guides:
            raise InputError(
                f"expected ReLUs where units stand in time, got some behind them alone, and {others or ', '.join(self._unguided)} before: "
                f"{REFERENCE}; choose another method."
            )
        if others:
            got = f"got {others} passed by its gradient: {REFERENCE}; choose another method"
            warnings.warn(f"expected maps of {method} that are guided at every activation, {got}.", MapWarning, stacklevel=2)


def _nonlinear(x: torch.Tensor) -> list[str]:
    """Kinds of the nodes that led to a tensor and are not linear, those before another guided ReLU left out."""
    nodes = _nodes(x)
    return [kind_of(node) for node in nodes if not isinstance(node, torch.autograd.function.BackwardCFunction) and not is_linear(node)]


def _operations(output: torch.Tensor) -> set[str]:
    """Names of the differentiable operations that led to an output."""
    return {node.name() for node in _nodes(output)}


def _nodes(output: torch.Tensor) -> Iterator[Any]:
    """Autograd's nodes that led to an output."""
    seen, waiting = set(), [output.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            waiting += [before for before, _ in node.next_functions]
            yield node
