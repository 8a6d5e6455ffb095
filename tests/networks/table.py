"""The networks that every method is tried on, and what they are built of. Each is as its paper has it, but narrow and short."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from tests.methods.networks import Called

LEADS, TIME, OUTPUTS = 12, 240, 3
WINDOWS = 2


@dataclass(frozen=True)
class Network:
    """An architecture.

    Attributes
    ----------
    name : as the table calls it
    reference : the paper that describes it, or what it stands for
    build : makes it, with weights drawn from torch's generator
    """

    name: str
    reference: str
    build: Callable[[], nn.Module]


NETWORKS = {}
"""All networks by name, in the order of the files and of what stands in them."""


def network(name, reference):
    """Register a function that builds a network."""

    def register(build):
        assert name not in NETWORKS
        NETWORKS[name] = Network(name, reference, build)
        return build

    return register


def all_networks():
    """The networks of all files of this folder."""
    for module in pkgutil.iter_modules(importlib.import_module(__package__).__path__):
        if not module.name.startswith("test_"):
            importlib.import_module(f"{__package__}.{module.name}")
    return NETWORKS


OF_EACH_KIND = (
    "FCN",
    "InceptionTime",
    "ResNet-18 1d",
    "DenseNet1d",
    "ResNet2d on leads as rows",
    "SE-ResNet",
    "CNN-LSTM",
    "GRU, two layers",
    "ViT1d, mean over tokens",
    "Attention by products",
    "STFT and a 2-D CNN",
    "In place",
    "Dropout that never rests",
    "Batch taken for a sequence",
    "Counts what it sees",
)
"""Networks that stand for their kinds in the quick run of the tests."""


def tried_networks():
    """All networks as a test's parameters; those that another stands for are slow."""
    names = all_networks()
    assert set(OF_EACH_KIND) <= set(names)
    return [pytest.param(name, marks=() if name in OF_EACH_KIND else pytest.mark.slow) for name in names]


def built(name, seed=0):
    """The network in float64 and evaluation mode; its weights and the statistics of its norms are drawn from a seed."""
    with torch.random.fork_rng():
        torch.default_generator.manual_seed(seed)
        model = all_networks()[name].build().double()
        model.eval()(windows())  # lazy layers are made
        _give_statistics(model)
    return model


def _give_statistics(model):
    """Running statistics and affine weights that are not those of a fresh norm, as after training."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d) and not getattr(module, "as_made", False):
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 1.5)
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.2)


def windows(n=WINDOWS, time=TIME, seed=0):
    """Windows of smooth noise with a sharp beat each: (n, 12, time), standardised."""
    rng = np.random.default_rng(seed)
    signal = rng.normal(size=(n, LEADS, time)).cumsum(axis=-1) * 0.1 + rng.normal(0, 0.3, (n, LEADS, time))
    for window in signal:
        at = int(rng.integers(40, time - 40))
        window[:, at - 3 : at + 4] += rng.normal(1, 0.3, (LEADS, 1)) * np.array([1, 2, 5, 8, 5, 2, 1])
    signal -= signal.mean(axis=-1, keepdims=True)
    return torch.from_numpy(signal / signal.std(axis=-1, keepdims=True))


class Sum(nn.Module):
    """A branch and a shortcut, added, and what follows."""

    def __init__(self, branch, shortcut=None, after=None):
        super().__init__()
        self.branch, self.shortcut, self.after = branch, shortcut or nn.Identity(), after or nn.Identity()

    def forward(self, x):
        return self.after(self.branch(x) + self.shortcut(x))


class Joined(nn.Module):
    """What branches return, one after another along an axis."""

    def __init__(self, *branches, dim=1):
        super().__init__()
        self.branches, self.dim = nn.ModuleList(branches), dim

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches], dim=self.dim)


class Last(nn.Module):
    """The sequence that a recurrent layer returns, without its states."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x)[0]


def swapped():
    """(n, a, b) -> (n, b, a)."""
    return Called(lambda x: x.transpose(1, 2))


def averaged(dim=-1):
    return Called(lambda x: x.mean(dim))


def convolved(inside, outside, kernel, activation=nn.ReLU, stride=1, **options):
    """Convolution with same padding, batch norm, activation."""
    padding = options.pop("padding", kernel // 2 * options.get("dilation", 1))
    convolution = nn.Conv1d(inside, outside, kernel, stride, padding, bias=False, **options)
    return nn.Sequential(convolution, nn.BatchNorm1d(outside), *([activation()] if activation else []))


def head(*before, outputs=OUTPUTS):
    """Mean over time and a linear layer."""
    return nn.Sequential(*before, averaged(), nn.LazyLinear(outputs))
