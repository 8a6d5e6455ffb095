"""Relevance through an LSTM and a GRU a second time, step by step in loops over units."""

import numpy as np
import pytest
import torch
from torch import nn

from ecgbench.methods import explanation

from ..cases import assert_close_to_maximum, drawn, windows
from .test_relevance import stabilised

UNITS, TIME = 3, 5


class Last(nn.Module):
    """A recurrent layer over one lead, and a linear layer of its last output."""

    def __init__(self, layer):
        super().__init__()
        self.layer, self.out = layer, nn.Linear(UNITS, 3, bias=False)

    def forward(self, x):
        return self.out(self.layer(x.transpose(1, 2))[0][:, -1])


def logistic(x):
    return 1 / (1 + np.exp(-x))


def parameters(layer):
    names = "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"
    return [getattr(layer, name).detach().numpy() for name in names]


def of_terms(terms, whole, above):
    """Each term's part of relevance, in proportion."""
    return [term / stabilised(whole) * above for term in terms]


def through_linear(weight, values, output, above):
    """Relevance of a linear layer's inputs."""
    below = np.zeros(len(values))
    for j in range(len(output)):
        for i in range(len(values)):
            below[i] += weight[j, i] * values[i] / stabilised(output[j]) * above[j]
    return below


def lstm_states(x, layer):
    """What each step computes, by name."""
    w, u, b, c = parameters(layer)
    h, cell, steps = np.zeros(UNITS), np.zeros(UNITS), []
    for value in x:
        given, before = w @ [value] + b, u @ h + c
        i, f, g, o = np.split(given + before, 4)
        step = {"x": value, "h": h, "given": given[2 * UNITS : 3 * UNITS], "before": before[2 * UNITS : 3 * UNITS], "cell": cell, "new": g}
        step["kept"], step["added"] = logistic(f) * cell, logistic(i) * np.tanh(g)
        cell = step["kept"] + step["added"]
        h = logistic(o) * np.tanh(cell)
        steps.append({**step, "sum": cell, "output": h})
    return steps


def lstm_relevance(x, layer, above):
    """The gates get nothing (Arras et al. 2017)."""
    w, u, _, _ = parameters(layer)
    rows, below, of_cell = slice(2 * UNITS, 3 * UNITS), np.zeros(len(x)), np.zeros(UNITS)
    for t, step in reversed(list(enumerate(lstm_states(x, layer)))):
        of_cell = of_cell + above
        of_cell, of_new = of_terms((step["kept"], step["added"]), step["sum"], of_cell)
        of_given, of_before = of_terms((step["given"], step["before"]), step["new"], of_new)
        below[t] = through_linear(w[rows], [step["x"]], step["given"], of_given)[0]
        above = through_linear(u[rows], step["h"], step["before"], of_before)
    return below


def gru_states(x, layer):
    w, u, b, c = parameters(layer)
    h, steps = np.zeros(UNITS), []
    for value in x:
        given, before = w @ [value] + b, u @ h + c
        (r, z, n), (r_too, z_too, n_too) = np.split(given, 3), np.split(before, 3)
        reset, update = logistic(r + r_too), logistic(z + z_too)
        step = {"x": value, "h": h, "given": n, "before": n_too, "passed": reset * n_too, "new": n + reset * n_too}
        step["added"], step["kept"] = (1 - update) * np.tanh(step["new"]), update * h
        h = step["added"] + step["kept"]
        steps.append({**step, "output": h})
    return steps


def gru_relevance(x, layer, above):
    w, u, _, _ = parameters(layer)
    rows, below = slice(2 * UNITS, 3 * UNITS), np.zeros(len(x))
    for t, step in reversed(list(enumerate(gru_states(x, layer)))):
        of_added, of_kept = of_terms((step["added"], step["kept"]), step["output"], above)
        of_given, of_before = of_terms((step["given"], step["passed"]), step["new"], of_added)
        below[t] = through_linear(w[rows], [step["x"]], step["given"], of_given)[0]
        above = of_kept + through_linear(u[rows], step["h"], step["before"], of_before)
    return below


LAYERS = {"LSTM": (nn.LSTM, lstm_states, lstm_relevance), "GRU": (nn.GRU, gru_states, gru_relevance)}


@pytest.mark.parametrize("name", LAYERS)
def test_relevance_through_time_is_that_of_loops(name):
    kind, states, relevance = LAYERS[name]
    model, x = drawn(Last(kind(1, UNITS, batch_first=True))), windows(n=1, leads=1, time=TIME)
    outputs = states(x[0, 0], model.layer)[-1]["output"]
    with torch.no_grad():
        logits = model(torch.tensor(x))[0].numpy()
    for target in range(3):
        parts = model.out.weight.detach().numpy()[target] * outputs
        assert parts.sum() == pytest.approx(logits[target], rel=1e-12)
        wanted = relevance(x[0, 0], model.layer, parts * logits[target] / stabilised(logits[target]))
        assert_close_to_maximum(explanation(model, x, target, "lrp").maps, wanted[None, None], 1e-4)  # but for stabilisers


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_windows_need_not_be_on_the_first_axis(kind):
    """What is absorbed of which window is found out, however many of them and of the steps there are."""
    first, later = (drawn(Last(kind(1, UNITS, batch_first=way))) for way in (True, False))
    later.layer.forward = lambda x, forward=later.layer.forward: (forward(x.transpose(0, 1))[0].transpose(0, 1),)
    for n in (3, TIME):
        x = windows(n=n, leads=1, time=TIME)
        wanted, found = (explanation(model, x, 1, "lrp") for model in (first, later))
        np.testing.assert_allclose(found.maps, wanted.maps, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(found.total, wanted.total, rtol=1e-9)
