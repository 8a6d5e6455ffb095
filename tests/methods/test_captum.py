"""Captum is a second implementation of most methods: on a small network with biases the maps must be the same."""

import pytest
import torch
from captum import attr

import ecgbench
from ecgbench.methods._cam import class_activation_map
from ecgbench.methods._guided import guided_gradient

from .cases import assert_close_to_maximum, small, windows

pytestmark = [
    pytest.mark.filterwarnings("ignore:Input Tensor 0 did not already require gradients:UserWarning"),
    pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU activations:UserWarning"),
    pytest.mark.filterwarnings("ignore:Setting forward, backward hooks and attributes:UserWarning"),
]

STEPS = 50
ORACLES = {
    "saliency": lambda model, x, target: attr.Saliency(model).attribute(x, target, abs=False),
    "input_gradient": lambda model, x, target: attr.InputXGradient(model).attribute(x, target),
    "integrated_gradients": lambda model, x, target: attr.IntegratedGradients(model).attribute(
        x, target=target, n_steps=STEPS, method="gausslegendre"
    ),
    "gradcam": lambda model, x, target: attr.LayerAttribution.interpolate(
        attr.LayerGradCam(model, model.features).attribute(x, target), x.shape[2], "nearest"
    ).expand_as(x),
    "guided_gradcam": lambda model, x, target: attr.GuidedGradCam(model, model.features).attribute(x, target, interpolate_mode="nearest"),
}


@pytest.fixture(params=[60, 63, 64])
def x(request):
    return torch.tensor(windows(n=4, time=request.param))


@pytest.fixture
def target():
    return torch.tensor([0, 2, 1, 2])


@pytest.mark.parametrize("key", ORACLES)
def test_the_studys_map_is_captums(key, x, target):
    model = small()
    wanted = ORACLES[key](model, x, target).detach().numpy()
    assert abs(wanted).max() > 0
    # Captum keeps its quadrature's nodes in float32.
    share = 1e-7 if key == "integrated_gradients" else 1e-10
    assert_close_to_maximum(ecgbench.explain(model, x, target, key, protocol="study"), wanted, share)


def test_guided_gradient_is_captums_guided_backprop(x, target):
    model = small()
    wanted = attr.GuidedBackprop(model).attribute(x, target).numpy()
    assert_close_to_maximum(guided_gradient(model, x, target).numpy(), wanted, 1e-10)


def test_class_activation_map_is_captums_before_it_is_stretched(x, target):
    model = small()
    wanted = attr.LayerGradCam(model, model.features).attribute(x, target).detach().numpy()
    assert_close_to_maximum(class_activation_map(model, x, target, None).numpy(), wanted, 1e-10)
