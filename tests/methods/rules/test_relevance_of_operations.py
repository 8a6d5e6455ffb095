"""Rules of relevance for what ECG networks are made of: is relevance conserved, and each a second time as plain sums over indices."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from ecgbench.errors import InputError
from ecgbench.methods import explanation

from ..cases import assert_close_to_maximum, drawn, windows
from ..networks import Between, Called
from .parts import OPERATIONS, ResidualSqueezed, TransformerBlock
from .test_relevance import STABILISER, stabilised

RULES = ["lrp", "lrp_epsilon", "lrp_gamma"]


def balance(model, x, key):
    """How far maps and absorbed relevance are from the logits, as a share of what maps hold."""
    found = explanation(model, x, [0, 1, 2], key)
    assert found.maps.any()
    return np.abs(found.maps.sum(axis=(1, 2)) - found.total).max() / max(1, np.abs(found.maps).max())


@pytest.mark.parametrize("group", sorted({name.split(":")[0] for name in OPERATIONS}))
def test_map_and_absorbed_relevance_sum_to_the_logit(group):
    x, keys = windows(time=16), RULES if group == "convolution" else RULES[:1]  # that differ in convolutions alone
    for name, operation in OPERATIONS.items():
        if name.startswith(group):
            model = drawn(Between(operation, first=nn.Tanh()))
            assert [balance(model, x, key) for key in keys] == pytest.approx([0] * len(keys), abs=1e-10), name


NETWORKS = {"transformer": TransformerBlock, "SE-ResNet": ResidualSqueezed}


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_relevance_is_conserved_by_whole_networks(network):
    assert [balance(drawn(network()), windows(time=24), key) for key in RULES] == pytest.approx([0, 0, 0], abs=1e-10)


class Weighed(nn.Module):
    """An operation of the window, whose outputs are summed with weights 1, -2, 3, 1, ... to three logits."""

    def __init__(self, operation, outputs):
        super().__init__()
        self.operation, self.weight = operation, nn.Parameter(torch.tensor(weights(3, outputs)))

    def forward(self, x):
        return functional.linear(self.operation(x).flatten(1), self.weight)


def weights(logits, outputs):
    return np.resize([1.0, -2, 3, 0.5, 2], (logits, outputs))


def elementwise(function):
    """What an elementwise function gives beyond its value at 0 goes to its input."""
    return lambda x, y, above: above * (y - function(0)) / y


def logistic(x):
    return 1 / (1 + np.exp(-x))


def unchanged(x, y, above):
    return above


def of_product(x, y, above):
    return np.concatenate([above / 2, above / 2])


def of_softmax(x, y, above):
    """By the Taylor expansion; y sums to 1 along each column."""
    below = np.zeros_like(x)
    for t in range(x.shape[1]):
        for i in range(len(x)):
            below[i, t] = x[i, t] * sum(above[j, t] / y[j, t] * y[j, t] * ((i == j) - y[i, t]) for j in range(len(x)))
    return below


def of_norm(sets, weight, bias):
    """Each value is a sum of what all values of its set give, at a fixed standard deviation."""

    def shared(x, y, above):
        below = np.zeros_like(x)
        for places in sets(x):
            deviation = np.sqrt(np.var([x[i] for i in places]) + 1e-5)
            for j in places:
                for i in places:
                    term = x[i] * ((i == j) - 1 / len(places)) / deviation * weight[j[0]]
                    below[i] += term / stabilised(y[j]) * above[j]
        return below

    return shared


def rows(x):
    return [[(i, t) for t in range(x.shape[1])] for i in range(len(x))]


def columns(x):
    return [[(i, t) for i in range(len(x))] for t in range(x.shape[1])]


def pairs_of_rows(x):
    return [[(i, t) for i in pair for t in range(x.shape[1])] for pair in ((0, 1), (2, 3))]


def affine(norm, seed=3):
    """The norm with drawn weights and biases."""
    return drawn(norm, seed)


def of_lp_pool(x, y, above):
    below = np.zeros_like(x)
    for i in range(len(x)):
        for j in range(above.shape[1]):
            window = range(2 * j, 2 * j + 2)
            terms = {t: x[i, t] ** 2 for t in window}
            mean = sum(terms.values()) / 2
            for t in window:
                below[i, t] = terms[t] / 2 / stabilised(mean) * above[i, j]
    return below


def of_adaptive_maximum(x, y, above):
    below = np.zeros_like(x)
    for i in range(len(x)):
        for j, window in enumerate((range(3), range(3, 6))):
            below[i, max(window, key=lambda t: x[i, t])] += above[i, j]
    return below


def of_attention(x, y, above):
    """Values take it in proportion to what they give at the weights as they are."""
    scores = np.array([[sum(x[i, t] * x[i, s] for i in range(4)) for s in range(6)] for t in range(6)])
    shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    below = np.zeros_like(x)
    for i in range(4):
        for t in range(6):
            for s in range(6):
                below[i, s] += shares[t, s] * x[i, s] / y[i, t] * above[i, t]
    return below


def of_magnitude(x, y, above):
    """A frequency's relevance in proportion to what samples give to its real and imaginary parts, and these to their squares."""
    below = np.zeros_like(x)
    for i in range(len(x)):
        for k in range(above.shape[1]):
            waves = [(np.cos(2 * np.pi * k * t / 6), -np.sin(2 * np.pi * k * t / 6)) for t in range(6)]
            for part in (0, 1):
                value = sum(x[i, t] * waves[t][part] for t in range(6))
                for t in range(6):
                    below[i, t] += value * x[i, t] * waves[t][part] / y[i, k] ** 2 * above[i, k]
    return below


def of_deviation(x, y, above):
    mean = x.mean(axis=1, keepdims=True)
    return (x - mean) * x / 5 / y**2 * above


def of_variance(x, y, above):
    mean = x.mean(axis=1, keepdims=True)
    return (x - mean) * x / 5 / y * above


def of_class_token(x, y, above):
    return above[:, 1:]


def of_transposed(x, y, above, layer=None):
    """By the z+ rule: of each output's positive contributions, the bias among them."""
    weight, bias = (parameter.detach().numpy() for parameter in (layer.weight, layer.bias))
    below = np.zeros_like(x)
    for o in range(above.shape[0]):
        for t in range(above.shape[1]):
            terms = {
                (i, s): max(x[i, s] * weight[i, o, t - 2 * s], 0)
                for i in range(len(x))
                for s in range(x.shape[1])
                if 0 <= t - 2 * s < weight.shape[2]
            }
            whole = sum(terms.values()) + max(bias[o], 0) + STABILISER
            for place, term in terms.items():
                below[place] += term / whole * above[o, t]
    return below


TRANSPOSED = drawn(nn.ConvTranspose1d(4, 2, 3, stride=2))
LAYER, GROUP, INSTANCE = (affine(norm) for norm in (nn.LayerNorm(6), nn.GroupNorm(2, 4), nn.InstanceNorm1d(4, affine=True)))


def scaled(norm):
    return norm.weight.detach().numpy(), norm.bias.detach().numpy()


ON_PAPER = {
    "GELU": (nn.GELU(), elementwise(lambda x: 0)),
    "sigmoid": (nn.Sigmoid(), elementwise(logistic)),
    "exponential": (Called(torch.exp), elementwise(np.exp)),
    "squeeze and excitation": (Called(lambda x: x * torch.sigmoid(x.mean(dim=2, keepdim=True))), unchanged),
    "gate as a difference": (Called(lambda x: (1 - torch.sigmoid(x.sum(dim=1, keepdim=True))) * x), unchanged),
    "z-scored length": (Called(lambda x: functional.normalize(x, dim=1)), unchanged),
    "product of halves": (Called(lambda x: x[:, :2] * x[:, 2:]), of_product),
    "square as a product": (Called(lambda x: x * x), unchanged),
    "softmax": (nn.Softmax(dim=1), of_softmax),
    "GroupNorm": (nn.GroupNorm(2, 4, affine=False), of_norm(pairs_of_rows, np.ones(4), 0)),
    "GroupNorm with weights": (GROUP, of_norm(pairs_of_rows, *scaled(GROUP))),
    "InstanceNorm": (INSTANCE, of_norm(rows, *scaled(INSTANCE))),
    "LayerNorm": (Called(lambda x: functional.layer_norm(x.mT, (4,)).mT), of_norm(columns, np.ones(4), 0)),
    "lp pool": (nn.LPPool1d(2, 2), of_lp_pool),
    "adaptive maximum": (nn.AdaptiveMaxPool1d(2), of_adaptive_maximum),
    "attention": (Called(lambda x: (torch.softmax(x.mT @ x, dim=2) @ x.mT).mT), of_attention),
    "magnitude": (Called(lambda x: torch.fft.rfft(x)[..., :3].abs()), of_magnitude),
    "deviation": (Called(lambda x: x.std(dim=2, keepdim=True)), of_deviation),
    "variance": (Called(lambda x: x.var(dim=2, keepdim=True)), of_variance),
    "class token": (Called(lambda x: torch.cat([torch.ones_like(x[..., :1]), x], dim=2)), of_class_token),
    "transposed convolution": (TRANSPOSED, lambda x, y, above: of_transposed(x, y, above, TRANSPOSED)),
}


@pytest.mark.parametrize("name", ON_PAPER)
def test_relevance_is_shared_as_plain_sums_say(name):
    operation, shared = ON_PAPER[name]
    x = windows(n=1, leads=4, time=6)
    with torch.no_grad():
        outputs = operation(torch.tensor(x))[0].numpy()
    model = Weighed(operation, outputs.size)
    parts = weights(1, outputs.size)[0].reshape(outputs.shape) * outputs
    above = parts * parts.sum() / stabilised(parts.sum())
    assert_close_to_maximum(explanation(model, x, 0, "lrp").maps, shared(x[0], outputs, above)[None], 1e-9)


class Dynamic(nn.Module):
    """A convolution whose weights each window chooses."""

    def __init__(self):
        super().__init__()
        self.kernel = nn.Linear(4, 4)

    def forward(self, x):
        kernels = self.kernel(x.mean(dim=2))[:, :, None]
        return torch.cat([functional.conv1d(row[None], kernel[:, None], groups=4) for row, kernel in zip(x, kernels, strict=True)])


WITHOUT_A_RULE = {
    "torch.prod": lambda x: x + torch.prod(x, 1, keepdim=True),
    "torch.Tensor.cumprod": lambda x: x.cumprod(2),
    "torch.atan2": lambda x: torch.atan2(x, x.flip(2)),
    "cdist": lambda x: torch.cdist(x, x) @ x,
    "torch.conv1d with weights that depend on the window": Dynamic(),
    "torch.Tensor.numpy": lambda x: x + torch.from_numpy(np.abs(x.detach().numpy())),
}


@pytest.mark.parametrize("name", WITHOUT_A_RULE)
def test_functions_without_a_rule_are_refused_by_name_and_place_for_every_window(name):
    model = drawn(Between(Called(WITHOUT_A_RULE[name]), first=nn.Tanh()))
    for key in RULES:
        for seed in range(3):
            with pytest.raises(InputError, match=rf'linear or have a rule, got {name} in "between.*" \(test_relevance_of_operations.py:'):
                explanation(model, windows(n=1 + seed, time=16, seed=seed), 0, key)


def test_values_that_were_cut_off_the_gradient_are_refused_where_they_meet_others():
    model = drawn(Between(Called(lambda x: x / x.detach().std(dim=2, keepdim=True))))
    with pytest.raises(InputError, match=r'expected a model that can be differentiated, got .*detach without a gradient in "between"'):
        explanation(model, windows(), 0, "lrp")
