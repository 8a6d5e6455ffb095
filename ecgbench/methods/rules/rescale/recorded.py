"""A forward pass whose calls are recorded, so that multipliers can pass back between it and another one."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch.autograd.graph import Node

from ecgbench.errors import InputError
from ecgbench.methods._gradient import all_logits, gradient_of, logits_of_target
from ecgbench.methods.rules.calls import Function
from ecgbench.methods.rules.linear import StrictRules, tensors_in
from ecgbench.methods.rules.rescale.calls import Call, Rescaled, each

MOVES = ("PermuteBackward", "TransposeBackward", "TBackward", "StackBackward", "CatBackward", "UnbindBackward", "SelectBackward")
"""Autograd's nodes that can move the rows off the first axis."""

OFF_FIRST_AXIS = "expected a model that keeps windows on the first axis, got one that moves them; choose another method."


class Trace(NamedTuple):
    """What a forward pass recorded.

    Attributes
    ----------
    functions, calls : of the functions with a rule, in their order
    reads : names and values of the numbers that it took out of tensors
    """

    functions: list[Function]
    calls: list[Call]
    reads: list[tuple[str, Any]]


class Recorded(StrictRules):
    """A forward pass of rows that can be compared with counterparts; it records every call of a function that has a rule.

    Parameters
    ----------
    model : in evaluation mode, frozen
    rows : (n, leads, time)
    references : whether the rows are the references, and their counterparts the windows, whose derivative is used where the two agree

    Attributes
    ----------
    logits : (n, outputs)
    trace : the recorded calls
    flat : whether all rows are flat lines, so that most values in a pool differ by rounding alone
    moved : whether the model may have moved rows off the first axis, so that only a counterpart of as many rows can be told row by row
    """

    def __init__(self, model: torch.nn.Module, rows: torch.Tensor, references: bool = False) -> None:
        super().__init__(model)
        self.trace = Trace([], [], self.reads)
        self.moved = False
        self.flat = bool((rows == rows[..., :1]).all())
        self._references = references
        self._held: list[tuple[torch.Tensor, int]] = []
        # The graph refers to this list instead of to self, which refers to the graph: a reference cycle would never be freed.
        self._counterpart: list[Call] = []
        self.rows = rows.detach().requires_grad_(True)
        with self:
            self.logits = all_logits(model, self.rows)
        if any(tensor._version != version for tensor, version in self._held):
            raise InputError(
                "expected a model that keeps the values its gradient needs, got one that overwrites them in place; use the operation that "
                "returns a copy."
            )

    def row(self, i: int) -> Trace:
        """The recorded calls, restricted to one row.

        Raises
        ------
        InputError
            If the model does not keep the rows on the first axis.
        """
        if self.moved or any(len(call.output) % len(self.rows) for call in self.trace.calls):
            raise InputError(OFF_FIRST_AXIS)
        calls = [each(call, lambda values: values.view(len(self.rows), -1, *values.shape[1:])[i]) for call in self.trace.calls]
        return self.trace._replace(calls=calls)

    def multipliers(self, counterpart: Trace, target: torch.Tensor) -> torch.Tensor:
        """Multipliers (n, leads, time) of the targets' logits between the rows and their counterpart, which has one row or as many.

        Raises
        ------
        InputError
            If the model called different functions for the rows and for the counterpart.
        """
        if (counterpart.functions, counterpart.reads) != (self.trace.functions, self.trace.reads):
            raise InputError(
                "expected a model that calls the same activations for every window, got one that does not; choose another method."
            )
        self._counterpart[:] = counterpart.calls
        return gradient_of(logits_of_target(self.logits, target), self.rows, keep=True)

    def visited(self, node: Node) -> None:
        """Find out whether a linear function moves the rows."""
        self.moved = self.moved or (node.name().startswith(MOVES) and _moves_first_axis(node))

    def one_only(self, function: Function, x: Any, *others: Any) -> None:
        """Refuse a function whose rule is for one tensor that depends on the rows."""
        if not self.depends(x) or any(self.depends(other) for other in tensors_in(others)):
            raise self.refusal(f"{function.__name__} of two tensors that depend on the window")

    def hold(self, x: torch.Tensor) -> torch.Tensor:
        """The values of a tensor, which the model must not write into until the end of its forward pass."""
        values = x.detach()
        self._held.append((values, values._version))
        return values

    def kept(self, function: Function, call: Call, *inputs: torch.Tensor) -> torch.Tensor:
        """Record a call; its output, from which multipliers pass back to its inputs."""
        if not any(x.requires_grad for x in inputs):  # computed under no_grad, and refused where it is used
            return call.output
        if not call.output.ndim:
            raise InputError(OFF_FIRST_AXIS)
        self.trace.calls.append(call)
        self.trace.functions.append(function)
        place = len(self.trace.calls) - 1
        rescaled: torch.Tensor = Rescaled.apply(call, self._counterpart, place, self._references, *inputs)  # type: ignore[no-untyped-call]
        return rescaled


def _moves_first_axis(node: Node) -> bool:
    """Whether what a node moves, joins or takes apart is the first axis; it may say so of the second by mistake, which costs time alone."""
    if node.name().startswith("TBackward"):
        return True
    saved: Any = node
    names = [name for name in ("_saved_dims", "_saved_dim", "_saved_dim0", "_saved_dim1") if hasattr(node, name)]
    axes = [getattr(saved, name) for name in names]
    if names == ["_saved_dims"]:
        return bool(_axis(axes[0][0], node) != 0)
    return any(_axis(axis, node) <= 0 for axis in axes)


def _axis(saved: int, node: Node) -> int:
    """An axis from 0 on, of those that autograd saves, where negative ones have wrapped around; below 0 if the output has none such."""
    axes = len(node._input_metadata[0].shape)
    return saved if saved < 2**63 else saved - 2**64 + axes
