"""What `score` takes a model's outputs for, where it computes, and which models it refuses as `explain` does."""

import numpy as np
import pytest
import torch
from torch import nn

import ecgbench
from ecgbench.errors import InputError
from ecgbench.pipeline.scored_model import usable_evaluator

X = 3 * np.random.default_rng(0).standard_normal((3, 1, 128)).astype(np.float32)
METRICS = ("region_perturbation_morf", "faithfulness_correlation")


class Network(nn.Module):
    """A small network, whose logits something is made of."""

    def __init__(self, outputs, after=lambda z: z):
        super().__init__()
        torch.manual_seed(3)
        layers = [nn.Conv1d(1, 4, 9, padding=4), nn.ReLU(), nn.AdaptiveAvgPool1d(4), nn.Flatten(), nn.Linear(16, outputs)]
        self.core, self.after = nn.Sequential(*layers), after

    def forward(self, x):
        return self.after(self.core(x))


def scored(model, metric=METRICS[0], **given):
    return ecgbench.score(metric, X, **{"x": X, "model": model, "target": 0} | given)


# A network of one output or two, what it returns, and what its logits are: its own, or the logarithms of what it returns.
SAME = {
    "softmax": (2, lambda z: z.softmax(1), {"outputs": "probabilities"}, lambda z: z.log_softmax(1)),
    "sigmoids": (2, torch.sigmoid, {"outputs": "probabilities", "multilabel": True}, None),
    "one sigmoid": (1, torch.sigmoid, {"outputs": "probabilities"}, None),
    "sigmoids of one axis": (1, lambda z: torch.sigmoid(z[:, 0]), {"outputs": "probabilities"}, None),
    "one logit": (1, lambda z: z, {"outputs": "binary"}, None),
    "logits of one axis": (1, lambda z: z[:, 0], {"outputs": "binary"}, None),
    "logits": (2, lambda z: z, {"outputs": "logits"}, None),
}


@pytest.mark.parametrize("case", SAME)
def test_probabilities_are_scored_as_the_logits_that_they_come_from(case):
    outputs, after, said, logits = SAME[case]
    for metric in METRICS:
        multilabel = said.get("multilabel", False)
        wanted = scored(Network(outputs, logits or (lambda z: z)), metric, multilabel=multilabel)
        np.testing.assert_allclose(scored(Network(outputs, after), metric, **said), wanted, rtol=1e-3, atol=1e-6)
        assert (wanted != 0).all()


UNSAID = {
    "softmax": (2, lambda z: z.softmax(1), {}, "all lie within 0 and 1 and sum to 1, as probabilities do"),
    "sigmoid": (1, torch.sigmoid, {}, "all lie within 0 and 1, as probabilities do"),
    "sigmoids of labels": (3, torch.sigmoid, {"multilabel": True}, "all lie within 0 and 1, as probabilities do"),
}


@pytest.mark.parametrize("case", UNSAID)
def test_what_looks_like_probabilities_is_refused_unless_it_is_said_what_it_is(case):
    outputs, after, said, message = UNSAID[case]
    model = Network(outputs, after)
    for metric in METRICS:
        with pytest.raises(InputError, match=rf'{message}; say outputs="probabilities", or outputs="logits" if they are logits'):
            scored(model, metric, **said)
        for kind in ("probabilities", "logits"):
            assert np.isfinite(scored(model, metric, **said, outputs=kind)).all()


def test_one_logit_that_lies_within_0_and_1_on_the_windows_is_no_probability():
    model = Network(1, lambda z: 0.5 + z / 10)
    logits = model(torch.from_numpy(X))
    assert ((logits > 0) & (logits < 1)).all()
    assert np.isfinite(scored(model)).all()


OTHERWISE = {
    "unknown kind": (2, lambda z: z, {"outputs": "odds"}, 'expected outputs "logits", "probabilities" or "binary", got \'odds\''),
    "logits": (2, lambda z: 9 * z, {"outputs": "probabilities"}, 'expected probabilities within 0 and 1 .*; say outputs="logits"'),
    "sigmoids": (2, torch.sigmoid, {"outputs": "probabilities"}, "say multilabel=True of labels that stand by themselves"),
    "two logits": (2, lambda z: z, {"outputs": "binary"}, r"expected binary \(n,\) or \(n, 1\) from the model, got \(\d+, 2\)"),
    "no batch": (2, lambda z: z, {"batch_size": 0}, "expected batch_size as a whole number from 1 on, got 0"),
    "no device": (2, lambda z: z, {"device": "nothing"}, "expected a torch device that can be used here"),
}


@pytest.mark.parametrize("case", OTHERWISE)
def test_outputs_of_another_kind_than_said_are_refused_with(case):
    outputs, after, said, message = OTHERWISE[case]
    with pytest.raises(InputError, match=message):
        scored(Network(outputs, after), **said)


def test_batch_size_bounds_the_rows_that_pass_at_once():
    model, rows = Network(2), []
    model.register_forward_pre_hook(lambda module, given: rows.append(len(given[0])))
    wanted = scored(model)
    assert max(rows) > 2
    rows.clear()
    np.testing.assert_allclose(scored(model, batch_size=2, device="cpu"), wanted, rtol=1e-4, atol=1e-6)
    assert max(rows) == 2


class NeedsAge(nn.Module):
    def __init__(self):
        super().__init__()
        self.core = Network(2)

    def forward(self, x, age):
        return self.core(x) + age


CALLS = {"explain": lambda model: ecgbench.explain(model, X, 0, "saliency"), "score": scored}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_models_that_take_something_else_or_have_no_weights_are_refused_alike(call):
    remedy = r"wrap it with ecgbench\.adapt\(model, inputs, outputs, extra\)"
    with pytest.raises(InputError, match=rf"takes windows \(\d, 1, 128\), .* got TypeError: .* 'age'; {remedy}"):
        call(NeedsAge())
    with pytest.raises(InputError, match=rf"takes windows \(\d, 1, 128\), .* got RuntimeError: .*; {remedy}"):
        call(nn.Sequential(nn.Conv1d(12, 2, 128), nn.Flatten()))
    with pytest.raises(InputError, match=r"expected a model with weights, got one on torch's device \"meta\"; build it on another"):
        call(Network(2).to("meta"))
    with pytest.raises(InputError, match=r"expected a model that is a torch module, got function; wrap it in one, as ecgbench\.adapt does"):
        call(lambda x: x[:, 0, :2])


def test_own_networks_keep_their_faster_way():
    from ecgbench.models import untrained
    from ecgbench.models.fast.incremental import Incremental

    evaluate = usable_evaluator(untrained("resnet18_7_narrow", 2, seed=1), X, batch_size=2)
    assert isinstance(evaluate.path, Incremental)
