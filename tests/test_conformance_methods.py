"""Every method through the same trials, so that a new one joins them by being registered."""

import dataclasses
import inspect

import numpy as np
import pytest
import torch

import ecgbench
from ecgbench.errors import InputError
from ecgbench.methods import FORWARD_SHARE, METHODS
from ecgbench.protocol import DatasetProtocol

from .methods.cases import explain, quick
from .world import World

every_method = pytest.mark.parametrize("entry", list(METHODS), ids=METHODS.keys())


@every_method
@pytest.mark.parametrize("leads", [1, 12])
@pytest.mark.parametrize("protocol", ["ours", "study"])
def test_method_returns_finite_maps_of_the_inputs_shape_for_any_number_of_leads(entry, leads, protocol):
    world = World(leads=leads)
    maps = explain(world.model, world.x, world.target, entry.key, protocol=protocol)
    assert maps.shape == world.x.shape
    assert np.isfinite(maps).all()
    assert maps.any()


def said(world, key):
    return ecgbench.methods.explanation(world.model, world.x, world.target, key, **quick(key))


@every_method
def test_maps_sum_to_the_total_as_closely_as_the_method_declares(entry):
    maps, total, _ = said(World(), entry.key)
    assert (total is None) == (entry.sum_within is None)
    if total is not None:
        error = np.abs(maps.sum(axis=(1, 2)) - total) / np.maximum(np.abs(total), 1)
        assert error.max() <= entry.sum_within <= 0.1


def change_of_logit(world):
    """From a flat line to the window."""
    with torch.inference_mode():
        logits, flat = (world.model(torch.tensor(x)).numpy() for x in (world.x, np.zeros((1, *world.x.shape[1:]))))
    return logits[np.arange(len(world.x)), world.target] - flat[0, world.target]


@pytest.mark.parametrize("key", ["integrated_gradients", "deep_lift"])
def test_total_of_methods_that_start_from_a_flat_line_is_the_change_of_the_logit(key):
    world = World()
    np.testing.assert_allclose(said(world, key).total, change_of_logit(world), rtol=1e-9)


SHARE_THAT_IS_SEEN = {"lrp": 0.5, "gradcam": FORWARD_SHARE}
"""Of the declared cost, where it is not all: z+ computes every convolution again, Grad-CAM's backward pass ends before the input."""


class Passes:
    """What passes a model costs: forward passes of rows, and backward passes that reach the input."""

    def __init__(self, model):
        self.cost = 0.0
        model.register_forward_pre_hook(self.count)

    def count(self, module, inputs):
        self.cost += FORWARD_SHARE * len(inputs[0])
        if inputs[0].requires_grad:
            inputs[0].register_hook(self.count_backward)

    def count_backward(self, gradient):
        self.cost += (1 - FORWARD_SHARE) * len(gradient)


@every_method
def test_passes_of_the_model_cost_what_the_method_declares(entry):
    world, options = World(), {"samples": 100, "baselines": 20, "steps": 20}
    passed, given = Passes(world.model), {name: value for name, value in options.items() if name == entry.per}
    ecgbench.explain(world.model, world.x, world.target, entry.key, **quick(entry.key, **given))
    wanted = entry.passes * given.get(entry.per, 1) * SHARE_THAT_IS_SEEN.get(entry.key, 1)
    assert passed.cost / len(world.x) == pytest.approx(wanted, rel=0.25)


@every_method
def test_option_that_multiplies_the_cost_exists_and_is_a_number(entry):
    if entry.per:
        assert type(inspect.signature(entry.function).parameters[entry.per].default) is int


@every_method
def test_options_that_a_dataset_sets_exist_here_and_there(entry):
    assert set(entry.of_dataset) <= set(inspect.signature(entry.function).parameters) - {"model", "x", "target", *entry.needs}
    assert set(entry.of_dataset.values()) <= {field.name for field in dataclasses.fields(DatasetProtocol)}


def maps_or_refusal(*arguments):
    try:
        return explain(*arguments)
    except InputError as error:
        return str(error)


@every_method
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_method_never_returns_maps_that_are_not_finite(entry, bad):
    world = World()
    x = world.x.copy()
    x[2, 1, 7] = bad
    found = maps_or_refusal(world.model, x, world.target, entry.key)
    assert "non-finite values in windows [2]" in found if isinstance(found, str) else np.isfinite(found).all()


@every_method
def test_method_does_not_write_into_its_arguments(entry):
    world = World()
    explain(world.model, world.x, world.target, entry.key)
    world.assert_untouched()
