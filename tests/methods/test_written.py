"""A map depends on what a network computes, not on how it is written; every activation and every pool of torch has its rule."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

import ecgbench

from .cases import assert_close_to_maximum, drawn, quick, windows
from .networks import RULES, Between, doubled, explained


class Unlike(nn.Module):
    """ReLUs of one kind each: a module used once, used twice, a function, in place, its result dropped."""

    gradcam_layer = "second"

    def __init__(self, how):
        super().__init__()
        self.first, self.norm = nn.Conv1d(2, 4, 5, padding=2), nn.BatchNorm1d(4)
        self.second, self.third, self.out = nn.Conv1d(4, 4, 5, padding=2), nn.Conv1d(4, 4, 5, padding=2), nn.Linear(4, 3)
        self.rectify = how

    def forward(self, x):
        x = self.rectify[0](self.norm(self.first(x)))
        x = self.rectify[1](self.second(x))
        return self.out(self.rectify[2](self.third(x)).mean(dim=2))


def dropping_its_result(x):
    functional.relu(x, inplace=True)
    return x


TWICE = nn.ReLU()
WRITTEN = {
    "module used again": (TWICE, TWICE, TWICE),
    "modules in place": tuple(nn.ReLU(inplace=True) for _ in range(3)),
    "functional": (functional.relu,) * 3,
    "torch": (torch.relu,) * 3,
    "method": (torch.Tensor.relu, torch.Tensor.relu, torch.Tensor.relu_),
    "functional in place": (dropping_its_result,) * 3,
    "mixed": (nn.ReLU(), functional.relu, torch.relu_),
}


@pytest.mark.parametrize("how", WRITTEN.values(), ids=WRITTEN.keys())
@pytest.mark.parametrize("key", RULES)
def test_map_does_not_depend_on_how_relus_are_written(key, how):
    wanted = explained(Unlike(nn.ModuleList([nn.ReLU(), nn.ReLU(), nn.ReLU()])), key)
    assert wanted.any()
    np.testing.assert_array_equal(explained(Unlike(how), key), wanted)


class Residual(nn.Module):
    """A sum of two branches."""

    def __init__(self, add):
        super().__init__()
        self.branch, self.add = nn.Conv1d(4, 4, 3, padding=1), add

    def forward(self, x):
        return self.add(self.branch(x), x)


def adding_to_it(branch, shortcut):
    branch += shortcut
    return branch


def adding_without_a_name(branch, shortcut):
    branch.add_(shortcut)
    return branch


SUMS = {
    "in place": adding_to_it,
    "method in place": adding_without_a_name,
    "torch": torch.add,
    "with a factor": lambda branch, shortcut: torch.add(branch, shortcut, alpha=1),
    "the other way round": lambda branch, shortcut: shortcut + branch,
    "difference": lambda branch, shortcut: branch - (-shortcut),
}


@pytest.mark.parametrize("add", SUMS.values(), ids=SUMS.keys())
@pytest.mark.parametrize("key", RULES)
def test_map_does_not_depend_on_how_a_residual_sum_is_written(key, add):
    wanted = explained(Between(Residual(lambda branch, shortcut: branch + shortcut)), key)
    assert_close_to_maximum(explained(Between(Residual(add)), key), wanted, 1e-5)


class AfterRelu(nn.Module):
    """A batch norm behind a convolution and a ReLU, not behind the convolution itself."""

    gradcam_layer = "convolution"

    def __init__(self, rectify):
        super().__init__()
        self.convolution, self.rectify = nn.Conv1d(2, 4, 5, padding=2), rectify
        self.norm, self.out = nn.BatchNorm1d(4), nn.Linear(4, 3)

    def forward(self, x):
        return self.out(self.norm(self.rectify(self.convolution(x))).mean(dim=2))


@pytest.mark.parametrize("rectify", [nn.ReLU(inplace=True), torch.relu_, dropping_its_result], ids=["module", "torch", "result dropped"])
@pytest.mark.parametrize("key", RULES)
def test_batch_norm_behind_a_relu_in_place_is_not_that_of_the_convolution(key, rectify):
    np.testing.assert_array_equal(explained(AfterRelu(rectify), key), explained(AfterRelu(nn.ReLU()), key))


class OverwritesAll(nn.Module):
    """Everything that may be in place at once: a ReLU before a batch norm, a residual sum, and the activation of that sum."""

    gradcam_layer = "second"

    def __init__(self, in_place):
        super().__init__()
        self.first, self.norm, self.relu = nn.Conv1d(2, 4, 5, padding=2), nn.BatchNorm1d(4), nn.ReLU(inplace=in_place)
        self.second, self.activation, self.out = nn.Conv1d(4, 4, 5, padding=2), nn.LeakyReLU(0.2, inplace=in_place), nn.Linear(4, 3)
        self.in_place = in_place

    def forward(self, x):
        x = self.norm(self.relu(self.first(x)))
        branch = self.second(x)
        x = self.activation(branch.add_(x) if self.in_place else branch + x)
        return self.out(x.mean(dim=2))


@pytest.mark.parametrize("key", ["gradcam", "guided_gradcam", "deep_shap", "lrp_epsilon"])
def test_map_does_not_depend_on_what_a_network_overwrites(key):
    wanted = explained(OverwritesAll(in_place=False), key)
    assert wanted.any()
    assert_close_to_maximum(explained(OverwritesAll(in_place=True), key), wanted, 1e-9)


IN_PLACE = [nn.ReLU6, nn.Hardtanh, nn.LeakyReLU, nn.ELU, nn.SELU, nn.CELU, nn.SiLU, nn.Mish, nn.Hardswish, nn.Hardsigmoid]
ACTIVATIONS = {
    **{kind.__name__: kind() for kind in IN_PLACE},
    **{f"{kind.__name__} in place": kind(inplace=True) for kind in IN_PLACE},
    **{kind.__name__: kind() for kind in (nn.PReLU, nn.GELU, nn.Softplus, nn.Softsign, nn.LogSigmoid, nn.Sigmoid, nn.Tanh)},
    "PReLU of channels": nn.PReLU(4),
    "GELU by tanh": nn.GELU("tanh"),
    **{
        f"functional.{name}": getattr(functional, name)
        for name in (
            *("relu6", "hardtanh", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "softplus", "softsign", "logsigmoid"),
            *("hardswish", "hardsigmoid", "sigmoid", "tanh", "leaky_relu_", "hardtanh_", "elu_", "selu_", "celu_"),
        )
    },
    **{f"torch.{name}": getattr(torch, name) for name in ("sigmoid", "tanh", "selu", "celu", "sigmoid_", "tanh_", "selu_", "celu_")},
    **{f"Tensor.{name}": getattr(torch.Tensor, name) for name in ("sigmoid", "tanh", "sigmoid_", "tanh_")},
    "torch.clamp": lambda x: torch.clamp(x, -1, 1),
    "Tensor.clamp": lambda x: x.clamp(min=0),
    "Tensor.clamp_": lambda x: x.clamp_(-0.5, 1),
}
POOLS = {
    "1d": nn.MaxPool1d(3, 2, 1),
    "1d without overlap": nn.MaxPool1d(2),
    "1d, the last one shorter": nn.MaxPool1d(3, 2, ceil_mode=True),
    "1d dilated": nn.MaxPool1d(3, 2, 1, dilation=2),
    "1d functional": lambda x: functional.max_pool1d(x, 3, 2, 1),
    "1d torch": lambda x: torch.max_pool1d(x, kernel_size=3, stride=2, padding=1),
    "2d": lambda x: nn.MaxPool2d((1, 3), (1, 2), (0, 1))(x.unsqueeze(2)).squeeze(2),
    "2d over rows": lambda x: functional.max_pool2d(x.unsqueeze(1), 3, (1, 2), 1).squeeze(1),
    "2d torch": lambda x: torch.max_pool2d(x.unsqueeze(2), (1, 3)).squeeze(2),
}


def total_and_error(model, key):
    """Of each window."""
    found = ecgbench.methods.explanation(doubled(drawn(model)), windows(), [0, 1, 2], key, **quick(key))
    return np.abs(found.total), np.abs(found.maps.sum(axis=(1, 2)) - found.total)


ONE_SPELLING = [*(kind.__name__ for kind in IN_PLACE), "PReLU", "GELU", "Softplus", "Softsign", "LogSigmoid", "Sigmoid", "Tanh"]
"""Activations as modules: methods that share a rule find the other spellings in the same way."""

OVERWRITING = ["ELU in place", "functional.selu_", "Tensor.sigmoid_"]
"""Of each way to overwrite a value one: a module, a function and a tensor's method."""


def spelled_once(*keys):
    """Activations as modules for each of the methods."""
    return [pytest.param(key, ACTIVATIONS[name], id=f"{key}-{name}") for key in keys for name in (*ONE_SPELLING, *OVERWRITING)]


def spelled_in_all_ways(key):
    """All activations."""
    return [pytest.param(key, activation, id=f"{key}-{name}") for name, activation in ACTIVATIONS.items()]


POOLED = [
    *(pytest.param("deep_lift", pool, id=f"deep_lift-{name}") for name, pool in POOLS.items()),
    *(pytest.param("deep_shap", POOLS[name], id=f"deep_shap-{name}") for name in ("1d", "2d")),
]


@pytest.mark.parametrize(("key", "between"), [*spelled_in_all_ways("deep_lift"), *spelled_once("deep_shap"), *POOLED])
def test_contributions_are_complete_with_every_activation_and_pool(key, between):
    # Values that agree to 1e-6 take the gradient for the slope.
    total, error = total_and_error(Between(between, first=nn.Tanh()), key)
    assert error.max() < 1e-6 * total.max()
    assert total.max() > 0.01


@pytest.mark.parametrize(("key", "activation"), spelled_once("lrp", "lrp_epsilon", "lrp_gamma"))
def test_activations_hand_on_all_relevance(key, activation):
    # Behind a linear convolution, whose units are never exactly 0.
    total, error = total_and_error(Between(activation, first=nn.Identity()), key)
    assert error.max() < 1e-9 * total.max()
    assert total.max() > 0.01
