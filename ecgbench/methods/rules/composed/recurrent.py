"""Recurrent layers, unrolled over time in terms of linear layers, sigmoids, tanh and products.

Weights are torch's, in its order: of the input, of the state, and their biases, for each layer and direction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

import torch
from torch.nn import functional

from ecgbench.errors import InputError
from ecgbench.methods.rules.calls import Function

State = tuple[torch.Tensor, ...]
Cell = Callable[[torch.Tensor, State, Sequence[Any]], State]
"""New states of a unit, the first of which is its output, given the input's share, the states, and the weights and bias of the state."""

OverTime = Callable[[Cell, torch.Tensor, State, Sequence[Any], bool], tuple[torch.Tensor, State]]
"""Outputs (n, time, features) of one layer in one direction, and its last states, given (n, time, features), the first states, all weights
of the layer, and whether it is read from its end."""


def lstm_unit(inputs: torch.Tensor, state: State, weights: Sequence[Any]) -> State:
    """A step of `torch.lstm` (`Cell`)."""
    hidden, cell = state
    gates = inputs + functional.linear(hidden, *weights)
    input_gate, forget_gate, candidate, output_gate = gates.chunk(4, dim=-1)
    cell = torch.sigmoid(forget_gate) * cell + torch.sigmoid(input_gate) * torch.tanh(candidate)
    return torch.sigmoid(output_gate) * torch.tanh(cell), cell


def gru_unit(inputs: torch.Tensor, state: State, weights: Sequence[Any]) -> State:
    """A step of `torch.gru` (`Cell`)."""
    reset, update, candidate = inputs.chunk(3, dim=-1)
    of_reset, of_update, of_candidate = functional.linear(state[0], *weights).chunk(3, dim=-1)
    new = torch.tanh(candidate + torch.sigmoid(reset + of_reset) * of_candidate)
    return (new + torch.sigmoid(update + of_update) * (state[0] - new),)


def _plain(activation: Callable[[torch.Tensor], torch.Tensor]) -> Cell:
    def cell(inputs: torch.Tensor, state: State, weights: Sequence[Any]) -> State:
        return (activation(inputs + functional.linear(state[0], *weights)),)

    return cell


def step_by_step(cell: Cell, x: torch.Tensor, state: State, weights: Sequence[Any], reverse: bool) -> tuple[torch.Tensor, State]:
    """One layer in one direction, each operation of each step by itself (`OverTime`)."""
    of_input, of_state, *biases = weights
    inputs = functional.linear(x, of_input, biases[0] if biases else None)
    outputs = []
    for now in reversed(inputs.unbind(1)) if reverse else inputs.unbind(1):
        state = cell(now, state, (of_state, *biases[1:]))
        outputs.append(state[0])
    return torch.stack(outputs[::-1] if reverse else outputs, dim=1), state


def _layers(
    over_time: OverTime,
    cell: Cell,
    x: torch.Tensor,
    initial: State,
    weights: Sequence[torch.Tensor],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Outputs of the last layer, and the last states of all: what torch's functions compute of the same arguments."""
    per, ways = (4 if has_biases else 2), (2 if bidirectional else 1)
    if x.ndim != 3 or len(weights) != per * ways * num_layers or (train and dropout):
        raise InputError(
            "expected a recurrent layer over (n, time, features) without projections and dropout, got another; remove them, or choose "
            "another method."
        )
    x, ends = x if batch_first else x.transpose(0, 1), []
    for layer in range(num_layers):
        found = []
        for way in range(ways):
            place = layer * ways + way
            state = tuple(values[place] for values in initial)
            found.append(over_time(cell, x, state, weights[per * place : per * (place + 1)], way == 1))
        x = torch.cat([outputs for outputs, _ in found], dim=2)
        ends += [end for _, end in found]
    states = [torch.stack(values) for values in zip(*ends, strict=True)]
    return x if batch_first else x.transpose(0, 1), states


def _lstm(over_time: OverTime, x: torch.Tensor, initial: Any, *arguments: Any) -> tuple[torch.Tensor, ...]:
    _check_padded(initial)
    outputs, states = _layers(over_time, lstm_unit, x, tuple(initial), *arguments)
    return outputs, *states


def _of_one_state(over_time: OverTime, cell: Cell, x: torch.Tensor, initial: Any, *arguments: Any) -> tuple[torch.Tensor, torch.Tensor]:
    _check_padded(initial, arguments[0])
    outputs, (states,) = _layers(over_time, cell, x, (initial,), *arguments)
    return outputs, states


def _check_padded(initial: Any, weights: Any = ()) -> None:
    """Refuse windows of several lengths, whose arguments are others."""
    if (isinstance(initial, torch.Tensor) and initial.ndim != 3) or isinstance(weights, torch.Tensor):
        raise InputError("expected windows of one length, got a packed sequence; pass it padded, or choose another method.")


def states_over_time(cell: Cell, inputs: torch.Tensor, state: State, weights: Sequence[Any]) -> list[torch.Tensor]:
    """All states before and after each step, without gradients: (n, time + 1, features) each.

    Parameters
    ----------
    inputs : (n, time, features), the input's share, in the order of the steps
    """
    kept = [state]
    with torch.no_grad():
        for now in inputs.unbind(1):
            kept.append(cell(now, kept[-1], weights))
    return [torch.stack(values, dim=1) for values in zip(*kept, strict=True)]


def _one_step(cell: Cell) -> Function:
    def function(x: torch.Tensor, state: Any, of_input: Any, of_state: Any, b_input: Any = None, b_state: Any = None) -> Any:
        states = cell(functional.linear(x, of_input, b_input), tuple(state) if cell is lstm_unit else (state,), (of_state, b_state))
        return states if cell is lstm_unit else states[0]

    return function


TANH_UNIT, RELU_UNIT = _plain(torch.tanh), _plain(torch.relu)


def recurrent_layers(over_time: OverTime) -> Mapping[Function, Function]:
    """The recurrent layers of torch, of the same arguments, by a way to go over time."""
    cells = {torch.gru: gru_unit, torch.rnn_tanh: TANH_UNIT, torch.rnn_relu: RELU_UNIT}
    return MappingProxyType(
        {torch.lstm: partial(_lstm, over_time), **{layer: partial(_of_one_state, over_time, cell) for layer, cell in cells.items()}}
    )


LAYERS = recurrent_layers(step_by_step)
"""Recurrent layers, all operations of which are seen by whoever intercepts them."""

RECURRENT: Mapping[Function, Function] = MappingProxyType(
    {
        **LAYERS,
        torch.lstm_cell: _one_step(lstm_unit),
        torch.gru_cell: _one_step(gru_unit),
        torch.rnn_tanh_cell: _one_step(TANH_UNIT),
        torch.rnn_relu_cell: _one_step(RELU_UNIT),
    }
)
"""Recurrent layers, and one step of them."""
