"""What explaining and scoring leave behind, on all networks: nothing."""

from contextlib import suppress

import numpy as np
import pytest
import torch

import ecgbench
from ecgbench.errors import InputError

from .properties import TARGET, options_of
from .table import built, tried_networks, windows
from .traces import changed, traces, world

METHODS = ["integrated_gradients", "deep_lift", "lrp", "guided_gradcam", "occlusion"]
"""One of each way to a map."""


@pytest.fixture(params=tried_networks())
def model(request):
    """In training, with frozen weights among those that learn, a gradient, and a hook."""
    model = built(request.param).train()
    parameters = list(model.parameters())
    parameters[0].requires_grad_(False)
    parameters[-1].grad = torch.ones_like(parameters[-1])
    return model


def test_explaining_and_scoring_leave_nothing_behind_and_the_network_learns_on(model):
    x = windows()
    before, settings = traces(model), world()
    for key in METHODS:
        with suppress(InputError):
            ecgbench.explain(model, x, TARGET, key, **options_of(key, x))
        assert changed(before, traces(model)) == [], key
        assert changed(settings, world()) == [], key
    with suppress(InputError):
        ecgbench.score("region_perturbation_morf", np.abs(x.numpy()), x=x.numpy(), model=model, target=TARGET)
    assert changed(before, traces(model)) == []
    assert changed(settings, world()) == []
    model.zero_grad()
    model(x.clone()).sum().backward()
    assert all(parameter.grad is not None for parameter in list(model.parameters())[-1:])


def test_a_buffer_that_was_made_of_weights_and_was_written_into_is_a_trace():
    model = torch.nn.Linear(2, 1)
    model.register_buffer("squared", model.weight**2)
    before = traces(model)
    assert changed(before, traces(model)) == []
    with torch.no_grad():
        model.squared += 1
    assert changed(before, traces(model)) == ["('squared', 'buffer')"]
