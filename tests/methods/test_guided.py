"""Every way to call a ReLU is the same to guided backpropagation, and a network without one is refused."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

import ecgbench
from ecgbench.errors import InputError, MapWarning

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


OTHERS = {
    "gelu": nn.GELU(),
    "silu": nn.SiLU(),
    "leaky_relu": nn.LeakyReLU(),
    "prelu": nn.PReLU(),
    "hardswish": nn.Hardswish(),
    "elu": nn.ELU(),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_network_with_other_activations_alone_has_no_guided_gradients_and_is_told_which(name):
    with pytest.raises(
        InputError, match=rf"expected a model that calls nn\.ReLU or torch\.relu, got one that calls {name} instead: guided"
    ):
        guided(OTHERS[name])
    with pytest.raises(InputError, match=f"got one that calls {name} instead"):
        ecgbench.explain(drawn(Rectified(OTHERS[name])), windows(leads=1), 0, "guided_gradcam", layer="second")


def test_a_network_without_any_activation_has_no_guided_gradients():
    with pytest.raises(InputError, match=r"expected a model that calls nn\.ReLU or torch\.relu, got one that calls neither"):
        guided(lambda x: x)


class Headed(nn.Module):
    """A body whose units stand in time, and a head with a ReLU."""

    def __init__(self, body):
        super().__init__()
        self.body, self.hidden, self.out = body, nn.Linear(4, 8), nn.Linear(8, 3)

    def forward(self, x):
        return self.out(torch.relu(self.hidden(self.body(x).mean(dim=2))))


class Squeezed(nn.Module):
    """Squeeze and excitation, whose ReLU sees averages over time."""

    def __init__(self):
        super().__init__()
        self.squeeze, self.excite = nn.Conv1d(4, 2, 1), nn.Conv1d(2, 4, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.excite(torch.relu(self.squeeze(x.mean(dim=2, keepdim=True)))))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.unit = nn.LSTM(1, 4, batch_first=True)

    def forward(self, x):
        return self.unit(x.transpose(1, 2))[0].transpose(1, 2)


def body(*layers):
    return nn.Sequential(nn.Conv1d(1, 4, 5, padding=2), *layers)


IN_THE_HEAD = {
    "gelu": Headed(body(nn.GELU())),
    "silu": Headed(body(nn.SiLU(), Squeezed())),
    "tanh": Headed(body(nn.Tanh())),
    "sigmoid": Headed(Recurrent()),
}


@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("name", IN_THE_HEAD)
def test_a_network_whose_relus_see_no_time_is_refused_for_every_window(name, n):
    for seed in range(5):
        with pytest.raises(
            InputError, match=rf"expected ReLUs where units stand in time, got some behind them alone, and .*{name}.* before"
        ):
            ecgbench.explain(drawn(IN_THE_HEAD[name], seed), windows(n=n, leads=1, time=40, seed=seed), 0, "guided_backprop")


@pytest.mark.parametrize("layers", [(), (nn.MaxPool1d(2), nn.BatchNorm1d(4))], ids=["convolution", "pool"])
def test_a_relu_behind_nothing_but_linear_layers_and_pools_guides(layers):
    assert ecgbench.explain(drawn(Headed(body(*layers))), windows(leads=1, time=40), [0, 1, 2], "guided_backprop").any()


@pytest.mark.filterwarnings("default:expected maps of:UserWarning")
def test_activations_that_are_not_guided_beside_relus_are_named():
    with pytest.warns(
        MapWarning, match="expected maps of guided_backprop that are guided at every activation, got silu passed by its gradient"
    ):
        ecgbench.explain(drawn(Headed(body(nn.SiLU(), nn.Conv1d(4, 4, 3), nn.ReLU()))), windows(leads=1), 0, "guided_backprop")


@pytest.mark.filterwarnings("error:expected maps of")
def test_gates_beside_relus_are_no_activations_that_should_be_guided():
    ecgbench.explain(drawn(Headed(body(nn.ReLU(), Squeezed()))), windows(leads=1), 0, "guided_backprop")


def test_relus_are_plain_again_afterwards():
    model, x = drawn(Rectified(nn.ReLU())), windows(leads=1, time=40)
    before = ecgbench.explain(model, x, 1, "saliency")
    ecgbench.explain(model, x, 1, "guided_backprop")
    np.testing.assert_array_equal(ecgbench.explain(model, x, 1, "saliency"), before)
