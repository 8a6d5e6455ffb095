"""Which independent checks each method passes, and the one that most share: its map of a linear model is known."""

import importlib
import re

import numpy as np
import pytest
import torch
from torch import nn

import ecgbench
from ecgbench.errors import InputError

from .cases import Linear, assert_close_to_maximum, windows
from .oracles import patches_of, spread

ORACLES = {
    "golden": ("test_golden", r"golden"),
    "linear": ("test_oracle_table", r"map_of_a_linear_model|without_relu"),
    "by hand": ("test_by_hand test_relevance test_rescale", r"by_hand"),
    "ignored lead": ("test_every_method", r"a_lead_that_the_model_ignores"),
    "batch order": ("test_every_method", r"windows_in_another_order"),
    "captum": ("test_captum", r"captum"),
    "plain": ("test_relevance test_rescale", r"plain"),
    "complete": ("test_rescale test_surrogates test_golden", r"complete|_sums?_to_"),
    "conserved": ("test_relevance", r"conserved"),
    "exact shapley": ("test_surrogates", r"exact_shapley"),
    "own lasso": ("test_surrogates", r"the_lasso"),
    "seeded": ("test_random_baseline", r"other_seeds"),
}
"""Modules that hold an oracle's tests, and what their names say."""

COMMON = {"golden", "linear", "ignored lead", "batch order"}
SEEDED = {"batch order", "seeded"}
TABLE = {
    "deep_lift": COMMON | {"by hand", "captum", "plain", "complete"},
    "deep_shap": COMMON - {"golden"} | SEEDED | {"by hand", "captum", "plain", "complete"},
    "gradcam": {"golden", "by hand", "batch order", "captum"},
    "guided_backprop": COMMON | {"by hand", "captum"},
    "guided_gradcam": COMMON - {"linear"} | {"by hand", "captum"},
    "input_gradient": COMMON | {"by hand", "captum"},
    "integrated_gradients": COMMON | {"by hand", "captum", "complete"},
    "kernel_shap": SEEDED | {"linear", "ignored lead", "exact shapley", "complete"},
    "lime": SEEDED | {"linear", "ignored lead", "captum", "own lasso"},
    "lrp": COMMON | {"by hand", "plain", "conserved"},
    "lrp_epsilon": COMMON - {"golden"} | {"by hand", "captum", "plain", "conserved"},
    "random_baseline": SEEDED,
    "saliency": COMMON | {"by hand", "captum"},
}
"""Oracles of each method."""

CELLS = [(key, oracle) for key, oracles in TABLE.items() for oracle in sorted(oracles)]


def values_of(mark):
    """What a parametrisation passes as the key of a method."""
    names = re.findall(r"\w+", mark.args[0]) if isinstance(mark.args[0], str) else list(mark.args[0])
    given = {"key", "method"}.intersection(names)
    rows = [getattr(row, "values", row) if len(names) > 1 or hasattr(row, "marks") else (row,) for row in mark.args[1]]
    return {row[names.index(name)] for name in given for row in rows}


def speaks_of(name, test, key):
    """Whether a test has a method's key in its name or is parametrised with it."""
    for longer in TABLE:
        name = name if longer == key or key not in longer else name.replace(longer, "")
    marks = [mark for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize"]
    return f"_{key}_" in f"{name}_" or any(key in values_of(mark) for mark in marks)


def found_for(key, oracle):
    """Names of the tests that hold a method against an oracle."""
    modules, words = ORACLES[oracle]
    found = []
    for module in modules.split():
        members = vars(importlib.import_module(f"{__package__}.{module}"))
        found += [
            name for name, test in members.items() if name.startswith("test_") and re.search(words, name) and speaks_of(name, test, key)
        ]
    return found


def test_every_method_has_a_row():
    assert set(TABLE) == set(ecgbench.methods())


@pytest.mark.parametrize("key", TABLE)
def test_no_method_relies_on_one_oracle_alone(key):
    assert len(TABLE[key]) >= 2


@pytest.mark.parametrize(("key", "oracle"), CELLS)
def test_every_oracle_of_a_method_is_tested(key, oracle):
    assert found_for(key, oracle)


@pytest.mark.parametrize(("key", "oracle"), [("random_baseline", "golden"), ("gradcam", "ignored lead"), ("saliency", "complete")])
def test_an_oracle_that_does_not_apply_is_not_found(key, oracle):
    assert not found_for(key, oracle)


def dense(weight, bias):
    """The linear model as a layer."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(weight[0].size, len(weight))).double()
    model[1].weight.data, model[1].bias.data = torch.tensor(weight).flatten(1), torch.tensor(bias)
    return model


WEIGHT, BIAS, TARGET = windows(n=3, leads=2, time=20, seed=1), np.array([0.5, -2.0, 30.0]), np.array([2, 0, 1, 2])
X, BACKGROUND = windows(n=4, time=20), np.array(windows(n=5, time=20, seed=2))
PATCH = 8


def in_patches(contributions):
    places = patches_of(2, 20, PATCH)
    return np.stack([spread(places, [window[place].sum() for place in places], window.shape) for window in contributions])


ON_A_LINEAR_MODEL = {
    "saliency": (lambda weight, x: weight, {}),
    "input_gradient": (lambda weight, x: weight * x, {}),
    "integrated_gradients": (lambda weight, x: weight * x, {}),
    "deep_lift": (lambda weight, x: weight * x, {}),
    "deep_shap": (lambda weight, x: weight * (x - BACKGROUND.mean(axis=0)), {"background": BACKGROUND}),
    "lrp": (lambda weight, x: weight * x, {}),
    "lrp_epsilon": (lambda weight, x: weight * x, {}),
    "kernel_shap": (lambda weight, x: in_patches(weight * x), {"patch": PATCH, "samples": 60}),
    "lime": (lambda weight, x: in_patches(weight * x), {"patch": PATCH, "samples": 100, "alpha": 1e-9}),
}
"""Maps by weight and window, and options; LIME is exact where its penalty vanishes."""

STABILISED = {"lrp", "lrp_epsilon", "lime"}
"""Exact up to stabilisers of a millionth, or a penalty."""


@pytest.mark.parametrize("model", [Linear, dense])
@pytest.mark.parametrize("key", ON_A_LINEAR_MODEL)
def test_map_of_a_linear_model_has_a_closed_form(key, model):
    closed, options = ON_A_LINEAR_MODEL[key]
    found = ecgbench.explain(model(WEIGHT, BIAS), X, TARGET, key, **options)
    assert_close_to_maximum(found, closed(WEIGHT[TARGET], X), 1e-4 if key in STABILISED else 1e-9)


@pytest.mark.parametrize("key", ["guided_backprop"])
def test_a_model_without_relu_is_refused_where_nothing_could_be_guided(key):
    with pytest.raises(InputError, match="ReLU"):
        ecgbench.explain(Linear(WEIGHT, BIAS), X, TARGET, key)
