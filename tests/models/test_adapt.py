"""Models of other inputs and outputs: adapted, they are explained and scored as if wrapped by hand."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

import ecgbench
from ecgbench.errors import InputError

LEADS, TIME = 2, 96
X = np.random.default_rng(0).standard_normal((3, LEADS, TIME)).astype(np.float32)


def core(outputs=2, leads=LEADS):
    """A small network on (n, leads, time) whose weights are the same each time."""
    torch.manual_seed(1)
    layers = [nn.Conv1d(leads, 4, 9, padding=4), nn.ReLU(), nn.AdaptiveAvgPool1d(8), nn.Flatten(), nn.Linear(32, outputs)]
    return nn.Sequential(*layers).eval()


class Wrapped(nn.Module):
    """A network behind functions of its input and its logits, written by hand."""

    def __init__(self, before=lambda x: x, after=lambda z: z, outputs=2):
        super().__init__()
        self.core, self.before, self.after = core(outputs), before, after

    def forward(self, x, *more, **named):
        logits = self.core(self.before(x))
        return self.after(logits + sum([*more, *named.values()]))


def turned(x):
    return x.transpose(1, 2)


def halves(z):
    return torch.cat([-z / 2, z / 2], dim=1)


# What the user's model does before and after the core, how it is adapted, and what the adapted one must be.
ADAPTED = {
    "as it is": (Wrapped(), {}, Wrapped()),
    "time first": (Wrapped(turned), {"inputs": "time,leads"}, Wrapped()),
    "image": (Wrapped(lambda x: x[:, 0]), {"inputs": "1,leads,time"}, Wrapped()),
    "image of other axes": (Wrapped(lambda x: turned(x[..., 0])), {"inputs": "time, leads, 1"}, Wrapped()),
    "tuple": (Wrapped(after=lambda z: (z[:, :1], z)), {"outputs": 1}, Wrapped()),
    "dict": (Wrapped(after=lambda z: {"loss": 0, "logits": z}), {}, Wrapped()),
    "name": (Wrapped(after=lambda z: {"y": z}), {"outputs": "y"}, Wrapped()),
    "attribute deep within": (Wrapped(after=lambda z: SimpleNamespace(heads=[{"a": z}])), {"outputs": ("heads", 0, "a")}, Wrapped()),
    "one logit": (Wrapped(after=lambda z: z[:, 0], outputs=1), {"outputs": "binary"}, Wrapped(after=halves, outputs=1)),
    "a column of a tuple": (Wrapped(after=lambda z: (z,), outputs=1), {"outputs": (0, "binary")}, Wrapped(after=halves, outputs=1)),
    "softmax": (
        Wrapped(after=lambda z: z.softmax(1)),
        {"outputs": "probabilities"},
        Wrapped(after=lambda z: z.log_softmax(1)),
    ),
    "sigmoids": (Wrapped(after=torch.sigmoid), {"outputs": "probabilities", "multilabel": True}, Wrapped()),
    "one sigmoid": (Wrapped(after=torch.sigmoid, outputs=1), {"outputs": "probabilities"}, Wrapped(after=halves, outputs=1)),
    "another input": (Wrapped(after=lambda z: z + z**2), {"extra": [[0.5, -1.0]]}, Wrapped(after=lambda z: shifted(z) + shifted(z) ** 2)),
    "inputs by name": (Wrapped(), {"extra": {"age": [[0.5]], "sex": [[1]]}}, Wrapped(after=lambda z: z + 1.5)),
}


def shifted(z):
    return z + torch.tensor([[0.5, -1.0]])


@pytest.mark.parametrize("case", ADAPTED)
def test_adapted_network_has_the_logits_gradients_and_maps_of_one_that_was_wrapped_by_hand(case):
    model, how, by_hand = ADAPTED[case]
    adapted = ecgbench.adapt(model.eval(), **how, x=X)
    wanted = by_hand.eval()(torch.from_numpy(X)).detach()
    torch.testing.assert_close(adapted(torch.from_numpy(X)).detach(), wanted, rtol=1e-4, atol=1e-5)
    for method in ("input_gradient", "integrated_gradients"):
        found = ecgbench.explain(adapted, X, 1, method)
        np.testing.assert_allclose(found, ecgbench.explain(by_hand, X, 1, method), rtol=1e-3, atol=1e-5 * np.abs(found).max())
    score = partial(ecgbench.score, "region_perturbation_morf", X, x=X, target=1)
    np.testing.assert_allclose(score(model=adapted), score(model=by_hand), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("method", ["lrp", "deep_lift", "guided_backprop", "gradcam"])
def test_rules_and_layers_are_found_through_an_adapter(method):
    model, how, _ = ADAPTED["time first"]
    found = ecgbench.explain(ecgbench.adapt(model, **how), X, 1, method)
    np.testing.assert_allclose(found, ecgbench.explain(core(), X, 1, method), rtol=1e-4, atol=1e-6)
    halved = ecgbench.explain(ecgbench.adapt(core(1), outputs="binary"), X, 1, method)
    np.testing.assert_allclose(halved, ecgbench.explain(core(1), X, 0, method) / 2, rtol=1e-4, atol=1e-6)


def test_windows_of_one_lead_pass_without_an_axis_of_leads():
    network = core(leads=1)
    adapted = ecgbench.adapt(lambda x: network(x[:, None]), inputs="time", x=X[:, :1])
    torch.testing.assert_close(adapted(torch.from_numpy(X[:, :1])), network(torch.from_numpy(X[:, :1])))
    with pytest.raises(InputError, match=r"expected windows of one lead, .* got 2; name the axis of leads"):
        adapted(torch.from_numpy(X))


def test_softmax_of_the_logits_of_one_logit_is_its_sigmoid():
    z = core(1)(torch.from_numpy(X))
    found = ecgbench.adapt(core(1), outputs="binary")(torch.from_numpy(X)).softmax(1)
    torch.testing.assert_close(found, torch.cat([torch.sigmoid(-z), torch.sigmoid(z)], dim=1))


def test_saturated_probabilities_are_clipped_and_finite():
    class Sure(nn.Module):
        def forward(self, x):
            return torch.stack([x[:, 0, 0] > 0, x[:, 0, 0] <= 0], dim=1).float()

    x = torch.tensor([1.0, -1.0]).reshape(2, 1, 1)
    found = ecgbench.adapt(Sure(), outputs="probabilities")(x)
    assert found[0, 0] == found[1, 1] == 0
    assert -88 < found[0, 1] == found[1, 0] < -87
    odds = ecgbench.adapt(Sure(), outputs="probabilities", multilabel=True)(x)
    torch.testing.assert_close(odds, torch.tensor([[15.942, -15.942], [-15.942, 15.942]]), rtol=0, atol=1e-2)


def test_rows_of_further_inputs_belong_to_their_windows_one_at_a_time():
    ages = np.array([[0.5, 0.0], [1.0, 2.0], [-1.0, 1.0]])
    network = Wrapped(after=lambda z: z + z**2)
    adapted = ecgbench.adapt(network, extra=ages, x=X)
    for call in (lambda: adapted(torch.from_numpy(X)), lambda: ecgbench.explain(adapted, X, 0, "saliency")):
        with pytest.raises(InputError, match=r"expected one row of extra inputs for all windows, got 3; .* for_window\(i\)"):
            call()
    for i, row in enumerate(ages):
        one = adapted.for_window(i)
        assert one.model is network
        alone = ecgbench.adapt(network, extra=row[None])
        maps = ecgbench.explain(one, X[i : i + 1], 0, "integrated_gradients")
        np.testing.assert_array_equal(maps, ecgbench.explain(alone, X[i : i + 1], 0, "integrated_gradients"))
        assert np.isfinite(ecgbench.score("region_perturbation_morf", maps, x=X[i : i + 1], model=one, target=0)).all()
    with pytest.raises(InputError, match=r"expected a window from 0 to 2, .*, got 3; name one"):
        adapted.for_window(3)


def test_whole_numbers_stay_whole_beside_windows_in_double_precision():
    table = nn.Embedding(3, 2)
    network = core().double()

    class Coded(nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.network = table.double(), network

        def forward(self, x, code):
            return self.network(x) + self.table(code)

    adapted = ecgbench.adapt(Coded(), extra=2, x=X)
    assert ecgbench.explain(adapted, X, 0, "saliency").dtype == np.float64


# Functions


class Model:
    """An object that is no module, with one inside."""

    def __init__(self):
        self.network = nn.Sequential(core(), nn.Dropout(0.5)).train()

    def predict(self, x):
        return self.network(x)

    __call__ = predict


def test_modules_that_a_function_uses_are_held_still_with_it_and_found():
    inside = Model()
    network = inside.network
    functions = {
        "closure": lambda x: network(x),
        "bound method": network.forward,
        "argument": partial(lambda other, x: other(x), network),
        "object": inside,
    }
    for what, function in functions.items():
        adapted = ecgbench.adapt(function, x=X)
        assert set(network.parameters()) <= set(adapted.parameters()), what
        found = ecgbench.explain(adapted, X, 0, "saliency")
        np.testing.assert_array_equal(found, ecgbench.explain(network, X, 0, "saliency"))
        assert network.training


# What is refused


def needs_age(x, age):
    return x.mean(2) + age


REFUSED = {
    "axes": (core(), {"inputs": "leads,samples"}, "expected inputs as axes behind that of windows, .* got 'leads,samples'"),
    "axes without time": (core(), {"inputs": "leads,1"}, "expected inputs as axes"),
    "kind": (core(), {"outputs": True}, "expected outputs as one of logits, probabilities, binary, an index, a name, or a tuple"),
    "wrong axes": (
        core(),
        {"inputs": "time,leads"},
        r"expected a model that takes windows \(2, 2, 96\), .* got RuntimeError.*ecgbench\.adapt",
    ),
    "another input": (needs_age, {}, r"got TypeError: .*missing 1 required positional argument: 'age'; wrap it with ecgbench\.adapt"),
    "index": (Wrapped(after=lambda z: (z,)), {"outputs": 1}, "expected an output 1 of the model, got tuple of 1; name one"),
    "tuple": (Wrapped(after=lambda z: (z, z)), {}, "expected a tensor from the model, got tuple of 2; name which of its outputs"),
    "dict": (Wrapped(after=lambda z: {"a": z}), {}, "expected a tensor from the model, got a mapping of a; name which of its outputs"),
    "one axis": (Wrapped(after=lambda z: z[:, 0]), {}, r'expected logits \(n, outputs\) .* got \(2,\); say outputs="binary" of one logit'),
    "two for one": (core(), {"outputs": "binary"}, r"expected binary \(n,\) or \(n, 1\) from the model, got \(2, 2\)"),
    "softmax as logits": (Wrapped(after=lambda z: z.softmax(1)), {}, 'within 0 and 1 and sum to 1, .* say outputs="probabilities"'),
    "sigmoid as logit": (
        Wrapped(after=torch.sigmoid, outputs=1),
        {},
        'lie within 0 and 1, as probabilities do; say outputs="probabilities"',
    ),
    "logits as probabilities": (core(), {"outputs": "probabilities"}, 'expected probabilities .* got .*; say outputs="logits" of logits'),
    "sigmoids as shares": (Wrapped(after=torch.sigmoid), {"outputs": "probabilities"}, "say multilabel=True of labels"),
    "nan": (Wrapped(after=lambda z: z * np.nan), {}, "expected finite logits, got nan or infinity"),
    "mixed windows": (Wrapped(after=lambda z: z - z.mean(0)), {}, "expected a window's logits to be its own, got others beside another"),
    "texts": (core(), {"extra": ["a", "b"]}, "expected extra inputs as arrays of numbers, got <U1"),
    "rows of two lengths": (core(), {"extra": (np.ones(2), np.ones(3))}, r"as many as there are windows, got \[2, 3\]"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused_with(case):
    model, how, message = REFUSED[case]
    with pytest.raises(InputError, match=message):
        ecgbench.adapt(model, **how, x=X)


def test_logits_that_are_called_so_may_look_like_probabilities():
    model = Wrapped(after=lambda z: z.softmax(1))
    adapted = ecgbench.adapt(model, outputs="logits", x=X)
    assert np.isfinite(ecgbench.score("region_perturbation_morf", X, x=X, model=adapted, target=0)).all()
