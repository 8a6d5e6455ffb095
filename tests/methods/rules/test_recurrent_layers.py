"""A recurrent layer as one operation has the values of its operations one by one, for relevance and for contributions."""

import numpy as np
import pytest
import torch
from torch import nn

from ecgbench.methods import explanation
from ecgbench.methods.rules.composed.recurrent import step_by_step
from ecgbench.methods.rules.relevance import recurrence
from ecgbench.methods.rules.rescale.compared import Compared

from ..cases import assert_close_to_maximum, drawn, windows

LEADS, UNITS, TIME = 2, 2, 5
LAYERS = {
    "LSTM": (nn.LSTM, {}),
    "LSTM both ways": (nn.LSTM, {"bidirectional": True}),
    "two LSTMs without biases": (nn.LSTM, {"num_layers": 2, "bias": False}),
    "GRU": (nn.GRU, {}),
    "GRU both ways, two": (nn.GRU, {"num_layers": 2, "bidirectional": True}),
    "GRU without biases": (nn.GRU, {"bias": False}),
    "tanh": (nn.RNN, {}),
    "ReLU, both ways": (nn.RNN, {"bidirectional": True, "nonlinearity": "relu"}),
}


class AllRead(nn.Module):
    """Logits of all that a recurrent layer returns: the mean of its outputs, the last one, and a tanh of its last states."""

    def __init__(self, layer, learned=False):
        super().__init__()
        ways, states = 1 + layer.bidirectional, 1 + isinstance(layer, nn.LSTM)
        self.layer, self.out = layer, nn.Linear(UNITS * ways * (2 + states * layer.num_layers), 3)
        self.first = nn.Parameter(torch.ones(layer.num_layers * ways, 1, UNITS)) if learned else None

    def begin(self, x):
        first = None if self.first is None else self.first * torch.tanh(x.mean((1, 2)))[None, :, None]
        return first if first is None or isinstance(self.layer, nn.GRU) else (first, 0.5 * first)

    def forward(self, x):
        outputs, states = self.layer(x.transpose(1, 2), self.begin(x))
        ends = torch.cat(states, 0) if isinstance(states, tuple) else states
        return self.out(torch.cat([outputs[:, -1], outputs.mean(1), *torch.tanh(ends)], 1))


def one_by_one(rule, *given):
    with rule:
        return step_by_step(*given)


def compared(model, method, monkeypatch):
    x = windows(n=3, leads=LEADS, time=TIME)
    options = {"background": 0.5 * x[:2]} if method == "deep_shap" else {}
    found = explanation(model, x, [0, 1, 2], method, **options)
    monkeypatch.setattr(recurrence, "_over_time", one_by_one)
    monkeypatch.setattr(Compared, "_over_time", one_by_one)
    wanted = explanation(model, x, [0, 1, 2], method, **options)
    monkeypatch.undo()
    assert wanted.maps.any()
    assert_close_to_maximum(found.maps, wanted.maps, 1e-6)
    np.testing.assert_allclose(found.total, wanted.total, rtol=1e-6)


@pytest.mark.parametrize("method", ["lrp", "deep_lift"])
def test_values_are_those_of_operations_one_by_one(method, monkeypatch):
    for kind, options in LAYERS.values():
        compared(drawn(AllRead(kind(LEADS, UNITS, batch_first=True, **options))), method, monkeypatch)


def test_so_they_are_with_several_references(monkeypatch):
    compared(drawn(AllRead(nn.LSTM(LEADS, UNITS, batch_first=True))), "deep_shap", monkeypatch)


@pytest.mark.parametrize("method", ["lrp", "deep_lift"])
def test_first_states_that_depend_on_the_window_get_their_part(method, monkeypatch):
    for kind in (nn.LSTM, nn.GRU):
        compared(drawn(AllRead(kind(LEADS, UNITS, 2, batch_first=True), learned=True)), method, monkeypatch)
