"""Networks so small that every map can be worked out on paper."""

import numpy as np
import pytest
import torch
from torch import nn

import ecgbench
from ecgbench.methods._explain import explanation
from ecgbench.methods.cam.layers import chosen_units
from ecgbench.methods.cam.maps import class_activation_map
from ecgbench.nn import LeadsAsRows

from .cases import Linear, windows

WEIGHT = windows(n=3, leads=2, time=5, seed=1)
BIAS = np.array([0.5, -2.0, 30.0])
TARGET = np.array([2, 0, 1, 2])


def row(*values):
    return torch.tensor([[values]], dtype=torch.float64)


def explained(model, x, method, target=0, **options):
    """The map of one window of one lead, as a list."""
    return ecgbench.explain(model, x, target, method, **options)[0, 0].tolist()


@pytest.mark.parametrize("steps", [1, 2, 50])
def test_integrated_gradients_of_a_linear_model_sum_to_the_logit_without_its_bias(steps):
    x = windows(n=4, time=5)
    sums = ecgbench.explain(Linear(WEIGHT, BIAS), x, TARGET, "integrated_gradients", steps=steps).sum(axis=(1, 2))
    np.testing.assert_allclose(sums, (WEIGHT[TARGET] * x).sum(axis=(1, 2)), rtol=1e-11)


class TwoUnits(nn.Module):
    """Logits (h1 - 2 h2 + 1/4, 3 h2) of h1 = relu(2 a - b - 1) and h2 = relu(-a + 3 b + 1/2), for a window (a, b)."""

    def __init__(self):
        super().__init__()
        self.hidden, self.relu, self.out = nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2)
        self.load_state_dict(
            {
                "hidden.weight": torch.tensor([[2.0, -1.0], [-1.0, 3.0]]),
                "hidden.bias": torch.tensor([-1.0, 0.5]),
                "out.weight": torch.tensor([[1.0, -2.0], [0.0, 3.0]]),
                "out.bias": torch.tensor([0.25, 0.0]),
            }
        )
        self.double()

    def forward(self, x):
        return self.out(self.relu(self.hidden(x[:, 0])))


def test_saliency_by_hand():
    assert explained(TwoUnits(), row(3, 1), "saliency") == [4, -7]  # (2, -1) - 2 (-1, 3)


def test_input_gradient_by_hand():
    assert explained(TwoUnits(), row(3, 1), "input_gradient") == [12, -7]


def test_integrated_gradients_by_hand():
    # On the way t (3, 1), h2 is always on and h1 on from t = 1/5: 4/5 (2, -1) - 2 (-1, 3) = (3.6, -6.8).
    # The quadrature misses a jump by at most the weight of one node, here 0.0032, times the jump (6, -1).
    values = explained(TwoUnits(), row(3, 1), "integrated_gradients", steps=500)
    assert values[0] == pytest.approx(10.8, abs=0.0032 * 6)
    assert values[1] == pytest.approx(-6.8, abs=0.0032)


@pytest.mark.parametrize(("steps", "share"), [(1, 1.0), (2, 1.0), (4, 1 - (18 - 30**0.5) / 72)])
def test_nodes_and_weights_of_few_steps_are_those_of_gauss_and_legendre(steps, share):
    # The first of four nodes, at 0.069, lies before h1 is on; its weight is (18 - sqrt(30)) / 72. The first of two lies at 0.211.
    values = explanation(TwoUnits(), row(3, 1), 0, "integrated_gradients", steps=steps).maps[0, 0].tolist()
    assert values == pytest.approx([3 * (2 * share + 2), -share - 6], rel=1e-12)


@pytest.mark.parametrize(
    ("a", "b", "target", "guided", "plain"),
    [
        (3, 1, 0, [2, -1], [4, -7]),  # h2 is on, but its gradient -2 does not pass
        (0, 1, 0, [0, 0], [2, -6]),  # h1 is off
        (3, 1, 1, [-3, 9], [-3, 9]),  # nothing is clipped
        (3, -1, 0, [2, -1], [2, -1]),  # h2 is off
        (-1, -1, 1, [0, 0], [0, 0]),  # both are off
    ],
)
def test_guided_backprop_by_hand_where_it_is_the_gradient_and_where_not(a, b, target, guided, plain):
    model = TwoUnits()
    assert explained(model, row(a, b), "guided_backprop", target) == guided
    assert explained(model, row(a, b), "saliency", target) == plain


class TwoChannels(nn.Module):
    """Channels of the even and of the odd samples of a window of six; logit relu(w . channels + 10)."""

    def __init__(self, even=(1, 2, 3), odd=(-1, 0, -2)):
        super().__init__()
        self.features = nn.Conv1d(1, 2, 2, stride=2, bias=False)
        self.features.weight = nn.Parameter(torch.eye(2).reshape(2, 1, 2))
        self.head = nn.Linear(6, 1)
        self.head.weight = nn.Parameter(torch.tensor([[*even, *odd]], dtype=torch.float64))
        self.head.bias = nn.Parameter(torch.tensor([10.0]))
        self.relu = nn.ReLU()
        self.double()

    def forward(self, x):
        return self.relu(self.head(self.features(x).flatten(1)))


X = row(1, 5, 2, 0, -1, 3)
"""Channels (1, 2, -1), of mean gradient 2, and (5, 0, 3), of mean gradient -1; the logit is -9 + 10."""


def test_class_activation_map_by_hand():
    model = TwoChannels()
    assert class_activation_map(model, X, torch.tensor([0]), chosen_units(model, X, "features")).tolist() == [[[-3, 4, -5]]]


def test_gradcam_by_hand():
    assert explained(TwoChannels(), X, "gradcam", layer="features") == [-3, -3, 4, 4, -5, -5]


def test_gradcam_of_the_study_by_hand():
    assert explained(TwoChannels(), X, "gradcam", layer="features", protocol="study") == [-3, -3, 4, 4, -5, -5]


def test_guided_gradcam_by_hand():
    # relu(-3, 4, -5) becomes (0, 0, 4, 4, 0, 0), times the gradient (1, -1, 2, 0, 3, -2).
    assert explained(TwoChannels(), X, "guided_gradcam", layer="features") == [0, 0, 8, 0, 0, 0]


def test_guided_gradcam_of_the_study_by_hand():
    assert explained(TwoChannels(), X, "guided_gradcam", layer="features", protocol="study") == [0, 0, 8, 0, 0, 0]


def test_guided_gradcam_is_zero_where_no_unit_speaks_for_the_class():
    model = TwoChannels(even=(0, 0, 0), odd=(-1, -1, -1))  # activations -(5, 0, 3)
    assert explained(model, X, "gradcam", layer="features") == [-5, -5, 0, 0, -3, -3]
    assert explained(model, X, "guided_gradcam", layer="features") == [0, 0, 0, 0, 0, 0]


class TwoRows(nn.Module):
    """The even samples of each of two leads, as rows of one channel; the logit weighs them (1, 3) and (2, 6)."""

    gradcam_layer = "features"

    def __init__(self):
        super().__init__()
        self.rows, self.features = LeadsAsRows(), nn.Conv2d(1, 1, (1, 2), stride=(1, 2), bias=False)
        self.features.weight = nn.Parameter(torch.tensor([[[[1.0, 0.0]]]]))
        self.double()

    def forward(self, x):
        weight = torch.tensor([[1.0, 3.0], [2.0, 6.0]], dtype=torch.float64)
        return (self.features(self.rows(x)) * weight).sum(dim=(2, 3))


def test_gradcam_averages_gradients_over_leads_and_keeps_leads_apart():
    maps = ecgbench.explain(TwoRows(), [[[1.0, 9, 2, 9], [-1, 9, 5, 9]]], 0, "gradcam")
    assert maps.tolist() == [[[3, 3, 6, 6], [-3, -3, 15, 15]]]  # mean gradient 3
