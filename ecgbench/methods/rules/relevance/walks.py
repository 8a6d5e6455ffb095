"""How relevance, divided by the values it belongs to, passes back through all steps of a recurrent unit.

Factors are (time, n, features): what a step multiplies by, worked out for all steps together. A denominator's stabiliser, and a bias,
absorb their share as everywhere (`shares`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

import torch
from torch.nn import functional

from ecgbench.methods.rules.composed.recurrent import RELU_UNIT, Cell, gru_unit, lstm_unit
from ecgbench.methods.rules.relevance.shares import stabiliser_of

Found = tuple[torch.Tensor, list[torch.Tensor], torch.Tensor]
"""What reaches the inputs (n, time, features) and the first states (n, features), and what is absorbed (n, time, features)."""


@runtime_checkable
class Walk(Protocol):
    """All steps of a unit, backwards."""

    def back(self, above: torch.Tensor, of_last: Sequence[torch.Tensor]) -> Found:
        """Pass back what reaches the outputs (n, time, features), and the last of the other states."""


class Sum(NamedTuple):
    """A sum of terms under the epsilon rule: the share that it hands on, and what it absorbs of what it has handed on."""

    share: torch.Tensor
    absorbing: torch.Tensor


def walk_of(cell: Cell, inputs: torch.Tensor, states: Sequence[torch.Tensor], weights: Sequence[Any]) -> Walk:
    """The steps of a unit.

    Parameters
    ----------
    cell : one of the units of `composed.recurrent`
    inputs : (n, time, features), the input's share
    states : (n, time + 1, features) each, before and after each step
    weights : of the state, and the bias, if there is one
    """
    of_time = [values.transpose(0, 1) for values in states]
    before = functional.linear(of_time[0][:-1], *weights)
    kinds: dict[Cell, Callable[..., Walk]] = {lstm_unit: Lstm, gru_unit: Gru}
    return kinds.get(cell, Plain)(cell, inputs.transpose(0, 1), of_time, before, weights)


def summed(values: torch.Tensor, bias: Any = 0) -> Sum:
    """The epsilon rule for a sum, a bias among its terms."""
    stabiliser = stabiliser_of(values)
    return Sum(values / (values + stabiliser), stabiliser + bias)


def slope(values: torch.Tensor, output: torch.Tensor) -> torch.Tensor:
    """What an activation that hands its relevance on multiplies by: its output divided by its input, 0 where that is 0."""
    return torch.where(values == 0, 0, output / torch.where(values == 0, 1, values))


class _Candidate:
    """What becomes a unit's new value: a sum of the input's and the state's share, whose relevance passes back to both."""

    def __init__(self, given: torch.Tensor, before: torch.Tensor, weights: Sequence[Any], place: int, places: int) -> None:
        size = before.shape[2] // places
        self.rows = slice(place * size, (place + 1) * size)
        self.given, self.before = given[..., self.rows], before[..., self.rows]
        self.weight = weights[0][self.rows]
        bias = weights[1][self.rows] if len(weights) > 1 and weights[1] is not None else 0
        self.of_before = summed(self.before, bias)
        self.all = given

    def of_inputs(self, passed: torch.Tensor) -> torch.Tensor:
        """What reaches the inputs (n, time, features), of which other units' gates take nothing."""
        whole = torch.zeros_like(self.all)
        whole[..., self.rows] = passed
        return whole.transpose(0, 1)


class Lstm:
    """The steps of an LSTM: the cell is a sum of what is kept and what is added, and gates are constants."""

    def __init__(
        self, unit: Cell, inputs: torch.Tensor, states: Sequence[torch.Tensor], before: torch.Tensor, weights: Sequence[Any]
    ) -> None:
        self.candidate = _Candidate(inputs, before, weights, 2, 4)
        gates = torch.sigmoid(inputs + before).chunk(4, dim=-1)
        new, cell = self.candidate.given + self.candidate.before, states[1][1:]
        self.cell, self.new, self.kept = summed(cell), summed(new), gates[1]
        self.to_cell = gates[3] * slope(cell, torch.tanh(cell))
        self.to_new = gates[0] * slope(new, torch.tanh(new)) * self.new.share

    def back(self, above: torch.Tensor, of_last: Sequence[torch.Tensor]) -> Found:
        """Pass back what reaches the outputs and the last cell."""
        factors = zip(above.unbind(1), self.to_cell, self.cell.share, self.to_new, self.candidate.of_before.share, self.kept, strict=True)
        of_hidden, of_cell = torch.zeros_like(above[:, 0]), of_last[0]
        passed: list[tuple[torch.Tensor, ...]] = []
        for now, to_cell, share, to_new, of_before, kept in reversed(list(factors)):
            cell = torch.addcmul(of_cell, now + of_hidden, to_cell) * share
            new = cell * to_new
            state = new * of_before
            of_hidden, of_cell = state @ self.candidate.weight, cell * kept
            passed.append((cell, new, state))
        cells, news, states = _in_order(passed)
        absorbed = cells * self.cell.absorbing + news * self.new.absorbing + states * self.candidate.of_before.absorbing
        return self.candidate.of_inputs(news), [of_hidden, of_cell], absorbed.transpose(0, 1)


class Gru:
    """The steps of a GRU: the state moves towards a new value by a gate's share of the difference, and gates are constants."""

    def __init__(
        self, unit: Cell, inputs: torch.Tensor, states: Sequence[torch.Tensor], before: torch.Tensor, weights: Sequence[Any]
    ) -> None:
        self.candidate = _Candidate(inputs, before, weights, 2, 3)
        reset, update, _ = torch.sigmoid(inputs + before).chunk(3, dim=-1)
        raw = self.candidate.given + reset * self.candidate.before
        new = torch.tanh(raw)
        self.output, self.moved, self.raw = summed(states[0][1:]), summed(states[0][:-1] - new), summed(raw)
        self.to_moved = update * self.moved.share
        self.to_raw = slope(raw, new) * self.raw.share
        self.to_before = reset * self.candidate.of_before.share

    def back(self, above: torch.Tensor, of_last: Sequence[torch.Tensor]) -> Found:
        """Pass back what reaches the outputs."""
        factors = zip(above.unbind(1), self.output.share, self.to_moved, self.to_raw, self.to_before, strict=True)
        of_hidden = torch.zeros_like(above[:, 0])
        passed: list[tuple[torch.Tensor, ...]] = []
        for now, share, to_moved, to_raw, to_before in reversed(list(factors)):
            output = (now + of_hidden) * share
            moved = output * to_moved
            raw = (output - moved) * to_raw
            state = raw * to_before
            of_hidden = torch.addmm(moved, state, self.candidate.weight)
            passed.append((output, moved, raw, state))
        outputs, moves, raws, states = _in_order(passed)
        absorbed = outputs * self.output.absorbing + moves * self.moved.absorbing + raws * self.raw.absorbing
        absorbed += states * self.candidate.of_before.absorbing
        return self.candidate.of_inputs(raws), [of_hidden], absorbed.transpose(0, 1)


class Plain:
    """The steps of a unit without gates."""

    def __init__(
        self, unit: Cell, inputs: torch.Tensor, states: Sequence[torch.Tensor], before: torch.Tensor, weights: Sequence[Any]
    ) -> None:
        self.candidate = _Candidate(inputs, before, weights, 0, 1)
        raw = inputs + before
        self.raw = summed(raw)
        activation: Callable[[torch.Tensor], torch.Tensor] = torch.relu if unit is RELU_UNIT else torch.tanh
        self.to_raw = slope(raw, activation(raw)) * self.raw.share

    def back(self, above: torch.Tensor, of_last: Sequence[torch.Tensor]) -> Found:
        """Pass back what reaches the outputs."""
        of_hidden = torch.zeros_like(above[:, 0])
        passed: list[tuple[torch.Tensor, ...]] = []
        for now, to_raw, of_before in reversed(list(zip(above.unbind(1), self.to_raw, self.candidate.of_before.share, strict=True))):
            raw = (now + of_hidden) * to_raw
            state = raw * of_before
            of_hidden = state @ self.candidate.weight
            passed.append((raw, state))
        raws, states = _in_order(passed)
        absorbed = raws * self.raw.absorbing + states * self.candidate.of_before.absorbing
        return self.candidate.of_inputs(raws), [of_hidden], absorbed.transpose(0, 1)


def _in_order(passed: Sequence[tuple[torch.Tensor, ...]]) -> list[torch.Tensor]:
    """(time, n, features) each, of what was collected from the last step to the first."""
    return [torch.stack(values[::-1]) for values in zip(*passed, strict=True)]
