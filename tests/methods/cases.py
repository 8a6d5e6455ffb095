"""Small networks and windows that the tests of several methods share, and which oracle applies to which method."""

import inspect

import numpy as np
import pytest
import torch
from torch import nn

import ecgbench
from ecgbench.methods import METHODS

KEYS = METHODS.keys()
MODEL_BOUND = [entry.key for entry in METHODS if entry.passes]
SURROGATES = {"lime", "kernel_shap"}
"""Methods that give every patch some of what the patches' sum leaves unexplained in the drawn masks, the less the more are drawn."""

ALL_LEADS = {"occlusion", "rise", "shapley_patches"}
"""Methods that perturb all leads at once, so that their maps are the same in all of them."""

SPREAD_OVER_LEADS = {"random_baseline", "gradcam", "hirescam", "layercam", *SURROGATES, *ALL_LEADS}
"""Methods that speak of leads which the model does not look at: one asks no model, others know only the time where leads are mixed."""

QUICK = {
    "lime": {"patch": 8, "samples": 40, "alpha": 1e-5},
    "kernel_shap": {"patch": 8, "samples": 40},
    "deep_shap": {"baselines": 5},
    "expected_gradients": {"baselines": 3, "steps": 2},
    "occlusion": {"patch": 8},
    "rise": {"patch": 8, "masks": 40},
    "shapley_patches": {"patch": 8, "permutations": 2},
    "smoothgrad": {"copies": 4},
    "vargrad": {"copies": 4},
}
"""Options of the methods that pass the model hundreds of times, where a test does not ask how good they are. LIME's own penalty leaves most
patches at exactly 0."""

KINDS = ["saliency", "lrp", "gradcam", "lime"]
"""One method of each way to a map: gradients, rules, a layer, samples. For what `explain` does before any method is called."""

every_kind = pytest.mark.parametrize("key", KINDS)
every_method = pytest.mark.parametrize("key", KEYS)


def has_option(key, option):
    return option in inspect.signature(METHODS[key].function).parameters


def quick(key, **options):
    """Options with which a method takes little time; those that are named go first."""
    return {**QUICK.get(key, {}), **options}


def explain(model, x, target, key, **options):
    """`ecgbench.explain` with quick options, and normal windows where a method needs some."""
    return ecgbench.explain(model, x, target, key, **{**normal(key, x), **quick(key, **options)})


def normal(key, x):
    """Normal windows for the windows x, if the method needs some."""
    leads, time = x.shape[1:]
    return {"normal_windows": windows(n=6, leads=leads, time=time, seed=77)} if "normal_windows" in METHODS[key].needs else {}


def windows(n=3, leads=2, time=64, seed=0, dtype=np.float64):
    """Standard normal windows of which nobody may change a value."""
    x = np.random.default_rng(seed).normal(size=(n, leads, time)).astype(dtype)
    x.flags.writeable = False
    return x


def drawn(model, seed=0):
    """The model in float64 and evaluation mode, its parameters drawn from a seed."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=parameter[0].numel() ** -0.5, generator=generator)
    return model.double().eval()


class Small(nn.Module):
    """Convolutions and activations as modules, with biases; `features` are its last units: (n, 6, time / 4)."""

    gradcam_layer = "features"

    def __init__(self, leads=2, outputs=3):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv1d(leads, 4, 5, stride=2, padding=2), nn.ReLU(), nn.Conv1d(4, 6, 5, stride=2, padding=2), nn.ReLU()
        )
        self.head = nn.Sequential(nn.AdaptiveAvgPool1d(4), nn.Flatten(), nn.Linear(24, 8), nn.ReLU(), nn.Linear(8, outputs))

    def forward(self, x):
        return self.head(self.features(x))


def small(leads=2, outputs=3, seed=0):
    return drawn(Small(leads, outputs), seed)


class OneLead(nn.Module):
    """A network that looks at one of its leads."""

    gradcam_layer = "network.features"

    def __init__(self, lead):
        super().__init__()
        self.lead, self.network = lead, Small(leads=1)

    def forward(self, x):
        return self.network(x[:, self.lead : self.lead + 1])


class Linear(nn.Module):
    """Logits W x + b of all samples of a window."""

    def __init__(self, weight, bias):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight, dtype=torch.float64))
        self.bias = nn.Parameter(torch.tensor(bias, dtype=torch.float64))

    def forward(self, x):
        return torch.einsum("olt,nlt->no", self.weight, x) + self.bias


def assert_close_to_maximum(maps, wanted, share):
    """Every window's map lies within a share of that window's largest value."""
    scale = np.abs(wanted).max(axis=(1, 2), keepdims=True)
    assert (np.abs(maps - wanted) <= share * scale).all()
