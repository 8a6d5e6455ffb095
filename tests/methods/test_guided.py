"""Every way to call a ReLU is the same to guided backpropagation, and a network without one is refused."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

import ecgbench
from ecgbench.errors import InputError

from .cases import drawn, windows


def _dropping_its_result(x):
    torch.relu_(x)
    return x


RETURNING = {
    "module": nn.ReLU(),
    "module in place": nn.ReLU(inplace=True),
    "functional": functional.relu,
    "functional by name": lambda x: functional.relu(input=x),
    "functional in place": lambda x: functional.relu(x, inplace=True),
    "functional in place, by position": lambda x: functional.relu(x, True),
    "torch.relu": torch.relu,
    "torch.relu by name": lambda x: torch.relu(input=x),
    "method": lambda x: x.relu(),
    "method in place": lambda x: x.relu_(),
    "torch.relu_": torch.relu_,
    "functional.relu_": functional.relu_,
    "in place, its result dropped": _dropping_its_result,
}


class Rectified(nn.Module):
    """Two convolutions and a linear layer; how it rectifies is the caller's choice."""

    def __init__(self, rectify, combine=None):
        super().__init__()
        self.first, self.second = nn.Conv1d(1, 4, 5, padding=2), nn.Conv1d(4, 4, 5, padding=2)
        self.out = nn.Linear(4, 3)
        self.rectify, self.combine = rectify, combine or (lambda before, after: after)

    def forward(self, x):
        for layer in (self.first, self.second):
            before = layer(x)
            x = self.combine(before, self.rectify(before))
        return self.out(x.mean(dim=2))


def guided(*how):
    return ecgbench.explain(drawn(Rectified(*how)), windows(leads=1, time=40), [0, 1, 2], "guided_backprop")


@pytest.mark.parametrize("rectify", RETURNING.values(), ids=RETURNING.keys())
def test_every_relu_is_guided_however_it_is_called(rectify):
    np.testing.assert_array_equal(guided(rectify), guided(nn.ReLU()))


def test_the_networks_of_these_tests_tell_guided_from_plain_gradients():
    x, model = windows(leads=1, time=40), drawn(Rectified(nn.ReLU()))
    assert not np.allclose(guided(nn.ReLU()), ecgbench.explain(model, x, [0, 1, 2], "saliency"), rtol=0.1)


@pytest.mark.parametrize(
    "rectify", [nn.ReLU(inplace=True), torch.relu_, lambda x: functional.relu(x, True)], ids=["module", "function", "by position"]
)
def test_a_relu_in_place_rectifies_what_is_used_again(rectify):
    def summed(before, after):
        return before + after

    twice = guided(nn.ReLU(), lambda before, after: after + after)
    np.testing.assert_array_equal(guided(rectify, summed), twice)
    assert not np.allclose(guided(nn.ReLU(), summed), twice)


def test_a_network_without_relu_has_no_guided_gradcam():
    with pytest.raises(InputError, match=r"expected a model that calls nn\.ReLU or torch\.relu, got one that calls neither"):
        ecgbench.explain(drawn(Rectified(nn.GELU())), windows(leads=1), 0, "guided_gradcam", layer="second")


def test_a_network_without_relu_has_no_guided_backprop():
    with pytest.raises(InputError, match=r"expected a model that calls nn\.ReLU or torch\.relu, got one that calls neither"):
        guided(nn.GELU())


def test_relus_are_plain_again_afterwards():
    model, x = drawn(Rectified(nn.ReLU())), windows(leads=1, time=40)
    before = ecgbench.explain(model, x, 1, "saliency")
    ecgbench.explain(model, x, 1, "guided_backprop")
    np.testing.assert_array_equal(ecgbench.explain(model, x, 1, "saliency"), before)
