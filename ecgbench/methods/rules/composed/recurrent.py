"""Recurrent layers, unrolled over time in terms of linear layers, sigmoids, tanh and products.

Weights are torch's, in its order: of the input, of the state, and their biases, for each layer and direction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import torch
from torch.nn import functional

from ecgbench.errors import InputError
from ecgbench.methods.rules.calls import Function

State = tuple[torch.Tensor, ...]
Cell = Callable[[torch.Tensor, State, Sequence[Any]], State]
"""New states of a unit, the first of which is its output, given the input's share, the states, and the weights and bias of the state."""


def _lstm(inputs: torch.Tensor, state: State, weights: Sequence[Any]) -> State:
    hidden, cell = state
    gates = inputs + functional.linear(hidden, *weights)
    input_gate, forget_gate, candidate, output_gate = gates.chunk(4, dim=-1)
    cell = torch.sigmoid(forget_gate) * cell + torch.sigmoid(input_gate) * torch.tanh(candidate)
    return torch.sigmoid(output_gate) * torch.tanh(cell), cell


def _gru(inputs: torch.Tensor, state: State, weights: Sequence[Any]) -> State:
    reset, update, candidate = inputs.chunk(3, dim=-1)
    of_reset, of_update, of_candidate = functional.linear(state[0], *weights).chunk(3, dim=-1)
    new = torch.tanh(candidate + torch.sigmoid(reset + of_reset) * of_candidate)
    return (new + torch.sigmoid(update + of_update) * (state[0] - new),)


def _plain(activation: Callable[[torch.Tensor], torch.Tensor]) -> Cell:
    def cell(inputs: torch.Tensor, state: State, weights: Sequence[Any]) -> State:
        return (activation(inputs + functional.linear(state[0], *weights)),)

    return cell


def _over_time(cell: Cell, x: torch.Tensor, state: State, weights: Sequence[Any], reverse: bool) -> tuple[torch.Tensor, State]:
    """Outputs (n, time, features) of one layer in one direction, and its last state."""
    of_input, of_state, *biases = weights
    inputs = functional.linear(x, of_input, biases[0] if biases else None)
    outputs = []
    for now in reversed(inputs.unbind(1)) if reverse else inputs.unbind(1):
        state = cell(now, state, (of_state, *biases[1:]))
        outputs.append(state[0])
    return torch.stack(outputs[::-1] if reverse else outputs, dim=1), state


def _layers(
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
            found.append(_over_time(cell, x, state, weights[per * place : per * (place + 1)], way == 1))
        x = torch.cat([outputs for outputs, _ in found], dim=2)
        ends += [end for _, end in found]
    states = [torch.stack(values) for values in zip(*ends, strict=True)]
    return x if batch_first else x.transpose(0, 1), states


def lstm(x: torch.Tensor, initial: Any, *arguments: Any) -> tuple[torch.Tensor, ...]:
    """`torch.lstm`: outputs, and the last hidden and cell states (layers, n, features)."""
    _check_padded(initial)
    outputs, states = _layers(_lstm, x, tuple(initial), *arguments)
    return outputs, *states


def _recurrent(cell: Cell) -> Function:
    def function(x: torch.Tensor, initial: Any, *arguments: Any) -> tuple[torch.Tensor, torch.Tensor]:
        _check_padded(initial, arguments[0])
        outputs, (states,) = _layers(cell, x, (initial,), *arguments)
        return outputs, states

    return function


def _check_padded(initial: Any, weights: Any = ()) -> None:
    """Refuse windows of several lengths, whose arguments are others."""
    if (isinstance(initial, torch.Tensor) and initial.ndim != 3) or isinstance(weights, torch.Tensor):
        raise InputError("expected windows of one length, got a packed sequence; pass it padded, or choose another method.")


def _one_step(cell: Cell) -> Function:
    def function(x: torch.Tensor, state: Any, of_input: Any, of_state: Any, b_input: Any = None, b_state: Any = None) -> Any:
        states = cell(functional.linear(x, of_input, b_input), tuple(state) if cell is _lstm else (state,), (of_state, b_state))
        return states if cell is _lstm else states[0]

    return function


_TANH, _RELU = _plain(torch.tanh), _plain(torch.relu)

RECURRENT: Mapping[Function, Function] = MappingProxyType(
    {
        torch.lstm: lstm,
        torch.gru: _recurrent(_gru),
        torch.rnn_tanh: _recurrent(_TANH),
        torch.rnn_relu: _recurrent(_RELU),
        torch.lstm_cell: _one_step(_lstm),
        torch.gru_cell: _one_step(_gru),
        torch.rnn_tanh_cell: _one_step(_TANH),
        torch.rnn_relu_cell: _one_step(_RELU),
    }
)
