"""Which methods apply to a network, and what else `methods_for` says of them."""

import inspect

import numpy as np
import pytest
import torch
from torch import nn

import ecgbench
from ecgbench.errors import EcgbenchError, InputError
from ecgbench.methods import METHODS
from ecgbench.methods._applicable import MOST_PASSES, TRIED
from ecgbench.testing._methods import state_of

from .cases import KEYS, drawn, small, windows


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.out = nn.Conv1d(2, 8, 8, 8), nn.Linear(8, 3)
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, activation="gelu", batch_first=True)

    def forward(self, x):
        return self.out(self.layer(self.embed(x).transpose(1, 2)).mean(dim=1))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.out = nn.LSTM(2, 8, batch_first=True), nn.Linear(8, 3)

    def forward(self, x):
        return self.out(self.lstm(x.transpose(1, 2))[0].mean(dim=1))


NETWORKS = {"convolutions": small, "attention": lambda: drawn(Transformer()), "memory": lambda: drawn(Recurrent())}
X = windows(n=4)

OF_EACH_KIND = ["saliency", "integrated_gradients", "guided_backprop", "gradcam", "deep_lift", "lrp", "lime"]


def refusal(model, key, target):
    """What `explain` says where it refuses, else nothing."""
    entry = METHODS[key]
    options = {entry.per: 10} if entry.per else {}
    try:
        ecgbench.explain(model, X[:TRIED], target, key, normal_windows=X, **options)
    except EcgbenchError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_a_method_applies_where_explain_returns_maps_and_else_its_refusal_is_told(network):
    model = network()
    found, before = ecgbench.methods_for(model, X, 1, normal_windows=X), state_of(model)
    assert [row.method for row in found] == KEYS
    for row in found:
        said = refusal(model, row.method, 1) if row.method in OF_EACH_KIND else "" if row.applies else row.reason
        assert row.applies == (not said)
        assert row.applies or row.reason == said
    assert state_of(model) == before


def test_a_network_of_convolutions_has_all_methods_but_one_that_needs_normal_windows():
    found = {row.method: row for row in ecgbench.methods_for(small(), X)}
    assert [key for key, row in found.items() if not row.applies] == ["expected_gradients"]
    assert found["expected_gradients"].reason == "expected normal_windows for expected_gradients, got none; pass it by name."
    assert found["lrp"].sum_error < 1e-6
    assert found["saliency"].sum_error is None


def test_the_predicted_class_is_explained_where_no_other_is_named():
    class Three(nn.Module):
        """Its third output is the largest, and the only one that depends on the window."""

        def forward(self, x):
            return torch.stack([0 * x.sum((1, 2)), 0 * x.sum((1, 2)), 9 + x.sum((1, 2))], dim=1)

    for target, zero in ((None, False), (2, False), ([0, 1, 2, 2], True)):
        row = {row.method: row for row in ecgbench.methods_for(Three(), X, target)}["input_gradient"]
        assert row.applies
        assert ("2 of 2 that are zero everywhere" in row.reason) == zero


def test_cost_is_that_of_the_defaults_and_a_trial_takes_no_more_than_it_may():
    model, rows = small(), [0]
    model.register_forward_pre_hook(lambda module, inputs: rows.append(len(inputs[0])))
    found = ecgbench.methods_for(model, X, 1, normal_windows=X)
    costs = {row.method: row for row in found}
    assert costs["lime"].passes == pytest.approx(0.4 * inspect.signature(METHODS["lime"].function).parameters["samples"].default)
    assert costs["lime"].seconds == pytest.approx(200 * costs["saliency"].seconds)
    assert costs["random_baseline"].seconds == 0 < costs["saliency"].seconds
    assert sum(rows) < TRIED * sum(min(row.passes, MOST_PASSES) / 0.4 for row in found)


def test_it_prints_itself_as_a_table_and_gives_one():
    found = ecgbench.methods_for(drawn(Recurrent()), X)
    assert [line.split()[0] for line in repr(found).splitlines()[2:]] == KEYS
    assert max(len(line) for line in repr(found).splitlines()) < 160
    table = found.table()
    assert list(table.index) == KEYS
    assert table.loc["gradcam", "reason"] == found[KEYS.index("gradcam")].reason
    assert not table.loc["gradcam", "applies"]


class Failing(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        raise RuntimeError("no backward\nfor this")


def test_what_torch_refuses_is_told_in_a_line_and_ends_nothing():
    class Once(nn.Module):
        def forward(self, x):
            return Failing.apply(x).sum(dim=2)

    found = {row.method: row for row in ecgbench.methods_for(Once(), X.astype("f4"), 1)}
    assert found["saliency"].reason == "RuntimeError: no backward for this"
    assert found["occlusion"].applies


def test_what_no_method_could_explain_is_refused_at_once():
    class Output(nn.Module):
        def __init__(self, change):
            super().__init__()
            self.change = change

        def forward(self, x):
            return self.change(x.sum(dim=2))

    for change, message in (
        (lambda logits: (logits, logits), "expected a model that returns logits"),
        (lambda logits: logits * torch.nan, "expected finite logits, got nan or infinity"),
        (lambda logits: logits + torch.randn(()), "expected a model that returns the same logits at every call"),
    ):
        with pytest.raises(InputError, match=message):
            ecgbench.methods_for(Output(change), X)
    with pytest.raises(InputError, match="expected finite x"):
        ecgbench.methods_for(small(), X * np.nan)
