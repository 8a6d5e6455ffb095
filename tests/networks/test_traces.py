"""What explaining and scoring leave behind, on all networks: nothing."""

from contextlib import suppress

import numpy as np
import pytest
import torch

import ecgbench
from ecgbench.errors import InputError

from .properties import TARGET, options_of
from .table import all_networks, built, windows
from .traces import changed, traces, world

METHODS = ["integrated_gradients", "deep_lift", "lrp", "guided_gradcam", "occlusion"]
"""One of each way to a map."""


@pytest.fixture(params=all_networks())
def model(request):
    """In training, with frozen weights among those that learn, a gradient, and a hook."""
    model = built(request.param).train()
    parameters = list(model.parameters())
    parameters[0].requires_grad_(False)
    parameters[-1].grad = torch.ones_like(parameters[-1])
    return model


def test_explaining_leaves_nothing_behind(model):
    x = windows()
    before, settings = traces(model), world()
    for key in METHODS:
        with suppress(InputError):
            ecgbench.explain(model, x, TARGET, key, **options_of(key, x))
        assert changed(before, traces(model)) == [], key
        assert changed(settings, world()) == [], key


def test_scoring_leaves_nothing_behind(model):
    x = windows().numpy()
    before, settings = traces(model), world()
    with suppress(InputError):
        ecgbench.score("region_perturbation_morf", np.abs(x), x=x, model=model, target=TARGET)
    assert changed(before, traces(model)) == []
    assert changed(settings, world()) == []


def test_network_learns_on_after_it_was_explained(model):
    x = windows()
    with suppress(InputError):
        ecgbench.explain(model, x, TARGET, "gradcam")
    with suppress(InputError):
        ecgbench.score("region_perturbation_morf", np.ones(x.shape), x=x.numpy(), model=model, target=TARGET)
    model(x.clone()).sum().backward()
    assert all(parameter.grad is not None for parameter in list(model.parameters())[-1:])
