"""Recurrent layers as one call each: multipliers pass back through all steps of a unit in a loop of a few products.

The operations of a step are few and small, so that recording each one by itself takes far longer than computing it. Slopes and means are
worked out for all steps together; they are those of the operations one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch.nn import functional

from ecgbench.methods.rules.composed.recurrent import RELU_UNIT, Cell, State, gru_unit, lstm_unit, states_over_time
from ecgbench.methods.rules.rescale.slopes import between, of_relu

Gradients = tuple[torch.Tensor, ...]
Sides = tuple["Recurred", "Recurred", "Recurred"]
"""The call, its counterpart, and that of the two which is the window's."""


class Recurred(NamedTuple):
    """A recurrent layer's call in one direction.

    Attributes
    ----------
    inputs : (n, time, features), the input's share of what the unit's functions take
    before : (n, time, features), the state's share
    states : (n, time + 1, features), before and after each step; of an LSTM, outputs and then cells
    output : (n, time, features), the states after each step
    weight : of the state, in a tuple, as it has no rows
    cell : the unit
    """

    inputs: torch.Tensor
    before: torch.Tensor
    states: torch.Tensor
    output: torch.Tensor
    weight: tuple[torch.Tensor]
    cell: Cell

    def back(self, other: Recurred, gradient: torch.Tensor, window: Recurred) -> Gradients:
        """Multipliers of the inputs and of the first states."""
        kinds: dict[Cell, Callable[..., Gradients]] = {lstm_unit: _back_through_lstm, gru_unit: _back_through_gru}
        return kinds.get(self.cell, _back_through_plain)((self, other, window), gradient)


def recurred(cell: Cell, inputs: torch.Tensor, state: State, weights: Sequence[Any]) -> Recurred:
    """The call of a layer, given the input's share (n, time, features), the first states, and the weights and bias of the state."""
    states = states_over_time(cell, inputs, state, weights)
    joined = torch.cat(states, dim=2)
    before = functional.linear(states[0][:, :-1], *weights)
    return Recurred(inputs.detach(), before.detach(), joined, joined[:, 1:], (weights[0].detach(),), cell)


def _back_through_lstm(sides: Sides, gradient: torch.Tensor) -> Gradients:
    gates = _activated(sides, lambda side: side.inputs + side.before, torch.sigmoid).chunk(4)
    new = _activated(sides, lambda side: (side.inputs + side.before).chunk(4, dim=2)[2], torch.tanh)
    cell = _activated(sides, lambda side: side.states.chunk(2, dim=2)[1][:, 1:], torch.tanh)
    before = _mean(sides, lambda side: side.states.chunk(2, dim=2)[1][:, :-1])
    let_in, kept, _, let_out = gates
    to_cell = let_out.mean * cell.slope
    of_cell_to_gates = torch.cat([new.mean * let_in.slope, before * kept.slope, let_in.mean * new.slope, cell.mean * let_out.slope], dim=2)
    above, above_cell = gradient.chunk(2, dim=2)
    of_hidden = of_cell = torch.zeros_like(above[:, 0])
    found = []
    for now, now_cell, to_now, to_gates, keep in _backwards(above, above_cell, to_cell, of_cell_to_gates, kept.mean):
        hidden = now + of_hidden
        of_cell = torch.addcmul(of_cell + now_cell, hidden, to_now)
        found.append(torch.cat([of_cell, of_cell, of_cell, hidden], dim=1) * to_gates)
        of_hidden, of_cell = found[-1] @ sides[0].weight[0], of_cell * keep
    return torch.stack(found[::-1], dim=1), of_hidden, of_cell


def _back_through_gru(sides: Sides, gradient: torch.Tensor) -> Gradients:
    def reset_of(side: Recurred) -> torch.Tensor:
        return torch.sigmoid((side.inputs + side.before).chunk(3, dim=2)[0])

    def raw_of(side: Recurred) -> torch.Tensor:
        return side.inputs.chunk(3, dim=2)[2] + reset_of(side) * side.before.chunk(3, dim=2)[2]

    reset, update, _ = _activated(sides, lambda side: side.inputs + side.before, torch.sigmoid).chunk(3)
    new, candidate = _activated(sides, raw_of, torch.tanh), _mean(sides, lambda side: side.before.chunk(3, dim=2)[2])
    to_raw = (1 - update.mean) * new.slope
    moved = _mean(sides, lambda side: side.states[:, :-1]) - new.mean
    to_inputs = torch.cat([to_raw * candidate * reset.slope, moved * update.slope, to_raw], dim=2)
    to_before = torch.cat([torch.ones_like(reset.mean), torch.ones_like(reset.mean), reset.mean], dim=2)
    of_hidden = torch.zeros_like(gradient[:, 0])
    found = []
    for now, given, state, keep in _backwards(gradient, to_inputs, to_before, update.mean):
        hidden = now + of_hidden
        found.append(hidden.repeat(1, 3) * given)
        of_hidden = torch.addmm(hidden * keep, found[-1] * state, sides[0].weight[0])
    return torch.stack(found[::-1], dim=1), of_hidden


def _back_through_plain(sides: Sides, gradient: torch.Tensor) -> Gradients:
    if sides[0].cell is RELU_UNIT:
        slope = of_relu(*((side.inputs + side.before) for side in sides[:2]))
    else:
        slope = _activated(sides, lambda side: side.inputs + side.before, torch.tanh).slope
    of_hidden = torch.zeros_like(gradient[:, 0])
    found = []
    for now, to_raw in _backwards(gradient, slope):
        found.append((now + of_hidden) * to_raw)
        of_hidden = found[-1] @ sides[0].weight[0]
    return torch.stack(found[::-1], dim=1), of_hidden


class _Active(NamedTuple):
    """An activation between the two sides: its slope, and the mean of its outputs."""

    slope: torch.Tensor
    mean: torch.Tensor

    def chunk(self, parts: int) -> list[_Active]:
        """Those of each gate."""
        return [_Active(*both) for both in zip(self.slope.chunk(parts, dim=2), self.mean.chunk(parts, dim=2), strict=True)]


def _activated(sides: Sides, values: Callable[[Recurred], torch.Tensor], function: Callable[[torch.Tensor], torch.Tensor]) -> _Active:
    here, there, window = (values(side) for side in sides)
    of_window = function(window)
    derivative = of_window * (1 - of_window) if function is torch.sigmoid else 1 - of_window.square()
    output, other = function(here), function(there)
    return _Active(between(here, there, output, other, derivative), (output + other) / 2)


def _mean(sides: Sides, values: Callable[[Recurred], torch.Tensor]) -> torch.Tensor:
    return (values(sides[0]) + values(sides[1])) / 2


def _backwards(*factors: torch.Tensor) -> Iterator[tuple[torch.Tensor, ...]]:
    """What each step multiplies by, from the last to the first."""
    yield from reversed(list(zip(*(factor.unbind(1) for factor in factors), strict=True)))
