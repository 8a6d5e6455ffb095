"""Recurrent layers as the plain functions that they are made of, so that what each computes has a rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.nn import functional

from ecgbench.errors import InputError

Function = Callable[..., Any]
State = tuple[torch.Tensor, ...]
"""Of one direction of one layer: (n, units) of the output, and (n, cells) of an LSTM's cells."""

Weights = Sequence[torch.Tensor]
"""Of one direction of one layer, in torch's order: of the input, of the output before, their biases, and an LSTM's projection."""

Step = Callable[[torch.Tensor, State, Weights, bool], State]

BIASES = 2
"""How many biases one direction of one layer has, if any."""


def _recurrent(state: State, weights: Weights, biased: bool) -> torch.Tensor:
    return functional.linear(state[0], weights[1], weights[3] if biased else None)


def _lstm_step(given: torch.Tensor, state: State, weights: Weights, biased: bool) -> State:
    opens, keeps, new, shows = (given + _recurrent(state, weights, biased)).chunk(4, dim=1)
    cells = torch.sigmoid(keeps) * state[1] + torch.sigmoid(opens) * torch.tanh(new)
    output = torch.sigmoid(shows) * torch.tanh(cells)
    projected = len(weights) > 2 + BIASES * biased
    return functional.linear(output, weights[-1]) if projected else output, cells


def _gru_step(given: torch.Tensor, state: State, weights: Weights, biased: bool) -> State:
    (reset, update, new), (reset_too, update_too, before) = given.chunk(3, dim=1), _recurrent(state, weights, biased).chunk(3, dim=1)
    keeps = torch.sigmoid(update + update_too)
    found = torch.tanh(new + torch.sigmoid(reset + reset_too) * before)
    return ((1 - keeps) * found + keeps * state[0],)


def _plain_step(activate: Callable[[torch.Tensor], torch.Tensor]) -> Step:
    def step(given: torch.Tensor, state: State, weights: Weights, biased: bool) -> State:
        return (activate(given + _recurrent(state, weights, biased)),)

    return step


_STEPS: dict[Function, Step] = {
    torch.lstm: _lstm_step,
    torch.gru: _gru_step,
    torch.rnn_tanh: _plain_step(torch.tanh),
    torch.rnn_relu: _plain_step(torch.relu),
}
_CELLS: dict[Function, Step] = {
    torch.lstm_cell: _lstm_step,
    torch.gru_cell: _gru_step,
    torch.rnn_tanh_cell: _plain_step(torch.tanh),
    torch.rnn_relu_cell: _plain_step(torch.relu),
}
LAYERS = tuple(_STEPS)
"""Functions of recurrent layers."""

CELLS = tuple(_CELLS)
"""Functions of single steps."""


def unrolled(function: Function, x: torch.Tensor, *arguments: Any) -> tuple[torch.Tensor, ...]:
    """What a recurrent layer returns, computed step by step by plain functions.

    Parameters
    ----------
    function : one of `LAYERS`
    x, arguments : those of the function: (n, time, features) with batch_first, else (time, n, features)

    Raises
    ------
    InputError
        If sequences are packed, or layers drop units out.
    """
    if isinstance(arguments[1], (list, tuple)):
        start, weights, biased, layers, dropout, training, both_ways, batch_first = arguments
    else:
        raise InputError("expected sequences that are not packed in a recurrent layer, got packed ones; pass it the padded windows.")
    if dropout and training:
        raise InputError(f"expected a recurrent layer in evaluation mode, got dropout of {dropout}; call model.eval().")
    states, directions = _as_state(start), 1 + both_ways
    per_direction, outputs, ends = len(weights) // (layers * directions), x if batch_first else x.transpose(0, 1), []
    for layer in range(layers):
        ways = []
        for place in range(layer * directions, (layer + 1) * directions):
            own = weights[place * per_direction : (place + 1) * per_direction]
            begin = tuple(state[place] for state in states)
            way, end = _through(_STEPS[function], outputs, begin, own, biased, bool(place % directions))
            ways.append(way)
            ends.append(end)
        outputs = torch.cat(ways, dim=2) if both_ways else ways[0]
    return outputs if batch_first else outputs.transpose(0, 1), *(torch.stack(parts) for parts in zip(*ends, strict=True))


def _as_state(start: Any) -> State:
    return tuple(start) if isinstance(start, (list, tuple)) else (start,)


def _through(step: Step, x: torch.Tensor, state: State, weights: Weights, biased: bool, backwards: bool) -> tuple[torch.Tensor, State]:
    """Outputs (n, time, units) of one direction of one layer, and its last state."""
    given, outputs = functional.linear(x, weights[0], weights[2] if biased else None).unbind(1), []
    for now in reversed(given) if backwards else given:
        state = step(now, state, weights, biased)
        outputs.append(state[0])
    return torch.stack(outputs[::-1] if backwards else outputs, dim=1), state


def one_step(function: Function, x: torch.Tensor, start: Any, *weights: torch.Tensor | None) -> Any:
    """What a recurrent cell returns, one of `CELLS`, by plain functions; arguments are those of the function."""
    given = [weight for weight in weights if weight is not None]
    biased = len(given) > BIASES
    found = _CELLS[function](functional.linear(x, given[0], given[2] if biased else None), _as_state(start), given, biased)
    return found if len(found) > 1 else found[0]
