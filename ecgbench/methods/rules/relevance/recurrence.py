"""Recurrent layers by the rules of what they are made of: gates take nothing (Arras et al. 2017, doi:10.18653/v1/W17-5221).

The operations of a step are few and small, so that seeing each one by itself takes far longer than computing it. Here a layer is one
operation: its states are computed first, what each step hands on is worked out for all steps together, and relevance passes back in a loop
of a few products. The values are those of the operations one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from ecgbench.methods.rules.calls import Function
from ecgbench.methods.rules.composed.recurrent import LAYERS, RECURRENT, Cell, State, recurrent_layers, states_over_time, step_by_step
from ecgbench.methods.rules.relevance.shares import Account
from ecgbench.methods.rules.relevance.walks import walk_of

if TYPE_CHECKING:
    from ecgbench.methods.rules.relevance.context import Relevance


def through_time(rule: Relevance, function: Function, x: torch.Tensor, start: Any, *arguments: Any) -> Any:
    """A recurrent layer, or one step of it."""
    begin = _absorbing(rule, start, x)
    if function in LAYERS:
        return recurrent_layers(partial(_over_time, rule))[function](x, begin, *arguments)
    with rule:
        return RECURRENT[function](x, begin, *arguments)


def _absorbing(rule: Relevance, start: Any, x: torch.Tensor) -> Any:
    """The first state, which absorbs relevance where it is a constant: so the first step's gates take no more than the others'."""
    if isinstance(start, (list, tuple)):
        return tuple(_absorbing(rule, part, x) for part in start)
    return start if rule.differs(start) else rule.constant(start, x)


def _over_time(
    rule: Relevance, cell: Cell, x: torch.Tensor, state: State, weights: Sequence[Any], reverse: bool
) -> tuple[torch.Tensor, State]:
    """One layer in one direction (see `OverTime`)."""
    if not rule.differs(x) or any(rule.differs(weight) for weight in weights):
        with rule:
            return step_by_step(cell, x, state, weights, reverse)
    of_input, of_state, *biases = weights
    with rule:
        inputs = functional.linear(x, of_input, biases[0] if biases else None)
    given = inputs.flip(1) if reverse else inputs
    outputs, *last = _ThroughTime.apply(cell, (of_state, *biases[1:]), rule.account, given, *state)  # type: ignore[no-untyped-call]
    rule.pass_through(outputs)
    return outputs.flip(1) if reverse else outputs, (outputs[:, -1], *last)


class _ThroughTime(torch.autograd.Function):
    """All steps of a unit: outputs (n, time, features), and the last of its other states."""

    @staticmethod
    def forward(
        ctx: Any, cell: Cell, weights: Sequence[Any], account: Account, inputs: torch.Tensor, *state: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        states = states_over_time(cell, inputs, state, weights)
        ctx.walk, ctx.account = walk_of(cell, inputs, states, weights), account
        return states[0][:, 1:].clone(), *(values[:, -1].clone() for values in states[1:])

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[torch.Tensor | None, ...]:
        of_inputs, of_states, absorbed = ctx.walk.back(gradients[0], gradients[1:])
        ctx.account.absorb(absorbed)
        return None, None, None, of_inputs, *of_states


RULES: Mapping[Function, Any] = MappingProxyType(dict.fromkeys(RECURRENT, through_time))
