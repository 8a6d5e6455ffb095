"""The map of a linear model is known for most methods."""

import numpy as np
import pytest
import torch
from torch import nn

import ecgbench
from ecgbench.errors import InputError

from .cases import Linear, assert_close_to_maximum, windows
from .oracles import patches_of, spread


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


def in_patches_of_all_leads(contributions):
    """Each patch's sum in equal shares to its samples of both leads."""
    found = np.empty_like(contributions)
    for start in range(0, 20, PATCH):
        patch = contributions[:, :, start : start + PATCH]
        found[:, :, start : start + PATCH] = patch.mean(axis=(1, 2), keepdims=True)
    return found


ON_A_LINEAR_MODEL = {
    "saliency": (lambda weight, x: weight, {}),
    "input_gradient": (lambda weight, x: weight * x, {}),
    "integrated_gradients": (lambda weight, x: weight * x, {}),
    "deep_lift": (lambda weight, x: weight * x, {}),
    "deep_shap": (lambda weight, x: weight * (x - BACKGROUND.mean(axis=0)), {"background": BACKGROUND}),
    "lrp": (lambda weight, x: weight * x, {}),
    "lrp_epsilon": (lambda weight, x: weight * x, {}),
    "lrp_gamma": (lambda weight, x: weight * x, {}),
    "kernel_shap": (lambda weight, x: in_patches(weight * x), {"patch": PATCH, "samples": 60}),
    "smoothgrad": (lambda weight, x: weight, {}),
    "expected_gradients": (lambda weight, x: weight * (x - BACKGROUND.mean(axis=0)), {"normal_windows": BACKGROUND}),
    "occlusion": (lambda weight, x: in_patches_of_all_leads(weight * x), {"patch": PATCH}),
    "shapley_patches": (lambda weight, x: in_patches_of_all_leads(weight * x), {"patch": PATCH, "permutations": 2}),
    "lime": (lambda weight, x: in_patches(weight * x), {"patch": PATCH, "samples": 100, "alpha": 1e-9}),
}
"""Maps by weight and window, and options; LIME is exact where its penalty vanishes."""

STABILISED = {"lrp", "lrp_epsilon", "lrp_gamma", "lime"}
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
