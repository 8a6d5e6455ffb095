"""The Rescale rule of DeepLIFT: multipliers between rows and their counterparts, of which one is the window and one the reference.

Between a row and its counterpart every activation is a straight line, whose slope is the multiplier; everything else that a network
computes is linear already. So multipliers are gradients in which each activation's derivative is replaced by that slope. The rule is
symmetric: rows can be windows and the counterpart their reference, or rows references and the counterpart a window.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import torch

from ecgbench.errors import InputError
from ecgbench.methods._gradient import all_logits, gradient_of, logits_of_target
from ecgbench.methods._registry import Explanation
from ecgbench.methods.rules.calls import ELEMENTWISE, POOLS, RELU, Function, Rules, check_sums

AGREE = 1e-6
"""Inputs closer than this have no reliable slope; the derivative at the window's value is used instead (a ReLU's slope is always exact)."""


class _Rectified(NamedTuple):
    """A ReLU's call: its output and the size of its input.

    Between a and b the ReLU's slope is (relu(a) + relu(b)) / (abs(a) + abs(b)), whatever their signs, without cancellation.
    """

    positive: torch.Tensor
    size: torch.Tensor

    @property
    def output(self) -> torch.Tensor:
        return self.positive

    def back(self, other: _Rectified, gradient: torch.Tensor, window: _Rectified) -> torch.Tensor:
        tiny = torch.finfo(self.size.dtype).tiny
        slope = self.positive + other.positive
        return slope.div_(self.size + (other.size + tiny)).mul_(gradient)


class _Activated(NamedTuple):
    """The call of another activation: its input, output and derivative."""

    x: torch.Tensor
    output: torch.Tensor
    derivative: torch.Tensor

    def back(self, other: _Activated, gradient: torch.Tensor, window: _Activated) -> torch.Tensor:
        difference = self.x - other.x
        near = difference.abs() < AGREE
        slope = (self.output - other.output) / difference.masked_fill(near, 1)
        return gradient * torch.where(near, window.derivative, slope)


class _Pooled(NamedTuple):
    """A max pool's call: its input, output, the winners' places in the flattened input, and how many axes are flattened.

    What an output changes goes to the winner of whichever side is larger; where pooling windows overlap, a winner collects from all.
    """

    x: torch.Tensor
    output: torch.Tensor
    winner: torch.Tensor
    axes: int

    def back(self, other: _Pooled, gradient: torch.Tensor, window: _Pooled) -> torch.Tensor:
        winner = torch.where(self.output > other.output, self.winner, other.winner)
        moved = self._collected(winner, gradient * (self.output - other.output))
        difference = self.x - other.x
        return torch.where(difference.abs() < AGREE, self._collected(window.winner, gradient), moved.div_(difference))

    def _collected(self, winner: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        # Flattened without a copy, whatever the memory layout; what is collected keeps it.
        flat = torch.zeros_like(self.x.flatten(-self.axes), dtype=values.dtype)
        return flat.scatter_add_(-1, winner.expand_as(values).flatten(-self.axes), values.flatten(-self.axes)).view(self.x.shape)


_Call = _Rectified | _Activated | _Pooled


class _Rescaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, call: _Call, counterpart: Sequence[_Call], place: int, references: bool) -> torch.Tensor:
        ctx.call, ctx.counterpart, ctx.place, ctx.references = call, counterpart, place, references
        return call.output.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[torch.Tensor, None, None, None, None]:
        call: Any = ctx.call
        other = _repeated(ctx.counterpart[ctx.place], len(call.output))
        return call.back(other, gradients[0], other if ctx.references else call), None, None, None, None


def _repeated(call: _Call, rows: int) -> _Call:
    """The call repeated to match a number of rows; a single row broadcasts."""
    times = 1 if len(call.output) == 1 else rows // len(call.output)
    return call if times == 1 else _each(call, lambda values: values.repeat(times, *[1] * (values.ndim - 1)))


def _each(call: _Call, change: Callable[[torch.Tensor], torch.Tensor]) -> _Call:
    changed: dict[str, Any] = {name: change(value) for name, value in call._asdict().items() if isinstance(value, torch.Tensor)}
    return call._replace(**changed)


class Compared(Rules):
    """A forward pass of rows that can be compared with counterparts; it records every call of an activation or a pool.

    Parameters
    ----------
    model : in evaluation mode, frozen
    rows : (n, leads, time)
    references : whether the rows are the references, and their counterparts the windows, whose derivative is used where the two agree

    Attributes
    ----------
    logits : (n, outputs)
    calls : the recorded calls, in their order
    """

    def __init__(self, model: torch.nn.Module, rows: torch.Tensor, references: bool = False) -> None:
        super().__init__(model)
        self.calls: list[_Call] = []
        self._references = references
        # The graph refers to this list instead of to self, which refers to the graph: a reference cycle would never be freed.
        self._counterpart: list[_Call] = []
        self.rows = rows.detach().requires_grad_(True)
        with self:
            self.logits = all_logits(model, self.rows)

    def row(self, i: int) -> list[_Call]:
        """The recorded calls, restricted to one row.

        Raises
        ------
        InputError
            If the model does not keep the rows on the first axis.
        """
        if any(len(call.output) % len(self.rows) for call in self.calls):
            raise InputError("expected a model that keeps windows on the first axis, got one that moves them; choose another method.")
        return [_each(call, lambda values: values.view(len(self.rows), -1, *values.shape[1:])[i]) for call in self.calls]

    def multipliers(self, counterpart: Sequence[_Call], target: torch.Tensor) -> torch.Tensor:
        """Multipliers (n, leads, time) of the targets' logits between the rows and their counterpart, which has one row or as many.

        Raises
        ------
        InputError
            If the model called different functions for the rows and for the counterpart.
        """
        if [type(call) for call in counterpart] != [type(call) for call in self.calls]:
            raise InputError(
                "expected a model that calls the same activations for every window, got one that does not; choose another method."
            )
        self._counterpart[:] = counterpart
        return gradient_of(logits_of_target(self.logits, target), self.rows, keep=True)

    def _rectified(self, relu: Function, x: torch.Tensor) -> torch.Tensor:
        return self._kept(x, _Rectified(x.detach().clamp(min=0), x.detach().abs()))

    def _activated(self, function: Function, x: torch.Tensor, *arguments: Any, **options: Any) -> torch.Tensor:
        with torch.enable_grad():
            # A copy, since an activation in place overwrites x.
            values = x.detach().clone().requires_grad_(True)
            output = function(values.clone(), *arguments, **options)
            (derivative,) = torch.autograd.grad(output.sum(), values)
        return self._kept(x, _Activated(values.detach(), output.detach(), derivative))

    def _pooled(self, pool: Function, x: torch.Tensor, *arguments: Any, **options: Any) -> torch.Tensor:
        output, winner = pool(x.detach(), *arguments, **{**options, "return_indices": True})
        return self._kept(x, _Pooled(x.detach(), output, winner, POOLS.index(pool) + 1))

    def _kept(self, x: torch.Tensor, call: _Call) -> torch.Tensor:
        if not x.requires_grad:  # a parameter of the model: the same for every row
            return call.output
        self.calls.append(call)
        rescaled: torch.Tensor = _Rescaled.apply(x, call, self._counterpart, len(self.calls) - 1, self._references)  # type: ignore[no-untyped-call]
        return rescaled

    rules = MappingProxyType({RELU: _rectified, **dict.fromkeys(ELEMENTWISE, _activated), **dict.fromkeys(POOLS, _pooled)})


def contributions(model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, references: torch.Tensor) -> Explanation:
    """What each sample contributes to the change of the target's logit from a reference to the window.

    Parameters
    ----------
    references : (1, leads, time), or (n, leads, time) for one per window

    Raises
    ------
    InputError
        If contributions do not sum to the change.
    """
    windows, flat = Compared(model, x), Compared(model, references)
    maps = windows.multipliers(flat.calls, target) * (x - references)
    total = logits_of_target(windows.logits - flat.logits, target).detach()
    check_sums(maps, total, logits_of_target(windows.logits, target).detach(), "deep_lift")
    return Explanation(maps, total)


def mean_contributions(
    model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, references: torch.Tensor, batch_size: int
) -> Explanation:
    """The mean of `contributions` over references (m, leads, time), in forward passes of `batch_size` references.

    Raises
    ------
    InputError
        If contributions do not sum to the mean change.
    """
    windows = Compared(model, x)
    sums = [_summed_over(model, windows, x, target, some) for some in torch.split(references, batch_size)]
    maps, total = (sum(of_some) / len(references) for of_some in zip(*sums, strict=True))
    check_sums(maps, total, logits_of_target(windows.logits, target).detach(), "deep_shap")
    return Explanation(maps, total)


def _summed_over(
    model: torch.nn.Module, windows: Compared, x: torch.Tensor, target: torch.Tensor, references: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Sums over references of `contributions` to windows (n, leads, time) and of the changes (n,) of their logits."""
    compared, maps = Compared(model, references, references=True), torch.zeros_like(x)
    for i in range(len(x)):
        multipliers = compared.multipliers(windows.row(i), target[i].expand(len(references)))
        maps[i] = (multipliers * (x[i] - references)).sum(dim=0)
    change = windows.logits.detach() * len(references) - compared.logits.detach().sum(dim=0)
    return maps, logits_of_target(change, target)
