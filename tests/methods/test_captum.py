"""Captum is a second implementation of most methods: on a small network with biases the maps must be the same."""

import pytest
import torch
from captum import attr
from captum._utils.models.linear_model import SkLearnLasso
from captum.attr._core.lime import get_exp_kernel_similarity_function
from torch import nn

import ecgbench
from ecgbench.methods.cam.layers import chosen_units
from ecgbench.methods.cam.maps import class_activation_map
from ecgbench.randomness import window_generator

from .cases import assert_close_to_maximum, drawn, small, windows

pytestmark = [
    pytest.mark.filterwarnings("ignore:Input Tensor 0 did not already require gradients:UserWarning"),
    pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU activations:UserWarning"),
    pytest.mark.filterwarnings("ignore:Setting forward, backward hooks and attributes:UserWarning"),
]

STEPS = 50
BACKGROUND = windows(n=7, time=64, seed=3)
ORACLES = {
    "saliency": lambda model, x, target: attr.Saliency(model).attribute(x, target, abs=False),
    "input_gradient": lambda model, x, target: attr.InputXGradient(model).attribute(x, target),
    "guided_backprop": lambda model, x, target: attr.GuidedBackprop(model).attribute(x, target),
    "integrated_gradients": lambda model, x, target: attr.IntegratedGradients(model).attribute(
        x, target=target, n_steps=STEPS, method="gausslegendre"
    ),
    "gradcam": lambda model, x, target: attr.LayerAttribution.interpolate(
        attr.LayerGradCam(model, model.features).attribute(x, target), x.shape[2], "nearest"
    ).expand_as(x),
    "guided_gradcam": lambda model, x, target: attr.GuidedGradCam(model, model.features).attribute(x, target, interpolate_mode="nearest"),
}


@pytest.fixture
def x(time):
    return torch.tensor(windows(n=4, time=time))


@pytest.fixture
def time():
    """Samples of a window, where a test has no length of its own; the convolutions' strides do not divide it."""
    return 63


@pytest.fixture
def target():
    return torch.tensor([0, 2, 1, 2])


STRETCHED = ["gradcam", "guided_gradcam"]


@pytest.mark.parametrize(("key", "time"), [*((key, 63) for key in ORACLES), *((key, time) for key in STRETCHED for time in (60, 64))])
def test_the_studys_map_is_captums(key, x, target):
    model = small()
    wanted = ORACLES[key](model, x, target).detach().numpy()
    assert abs(wanted).max() > 0
    # Captum keeps its quadrature's nodes in float32.
    share = 1e-7 if key == "integrated_gradients" else 1e-10
    assert_close_to_maximum(ecgbench.explain(model, x, target, key, protocol="study"), wanted, share)


def test_class_activation_map_is_captums_before_it_is_stretched(x, target):
    model = small()
    wanted = attr.LayerGradCam(model, model.features).attribute(x, target).detach().numpy()
    assert_close_to_maximum(class_activation_map(model, x, target, chosen_units(model, x, None)).numpy(), wanted, 1e-10)


def test_deep_lift_is_captums_where_relus_are_modules_and_nothing_is_pooled_by_maximum(x, target):
    model = small()
    wanted = attr.DeepLift(model).attribute(x, target=target).detach().numpy()
    assert_close_to_maximum(ecgbench.explain(model, x, target, "deep_lift"), wanted, 1e-9)


@pytest.mark.parametrize("batch_size", [2, 3, 32])
def test_deep_shap_over_a_background_is_captums(x, target, batch_size):
    model, background = small(), BACKGROUND[:, :, : x.shape[2]]
    wanted = attr.DeepLiftShap(model).attribute(x, torch.tensor(background), target=target).detach().numpy()
    maps = ecgbench.explain(model, x, target, "deep_shap", background=background, batch_size=batch_size)
    assert_close_to_maximum(maps, wanted, 1e-9)


class Plain(nn.Module):
    """Two-dimensional convolutions, for which Captum has rules, one after the other."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 4, (1, 5), padding=(0, 2)), nn.Conv2d(4, 6, (2, 5), stride=2)
        self.relu, self.relu_too = nn.ReLU(), nn.ReLU()
        self.average, self.out = nn.AdaptiveAvgPool2d(1), nn.Linear(6, 3)

    def forward(self, x):
        x = self.relu_too(self.second(self.relu(self.first(x.unsqueeze(1)))))
        return self.out(self.average(x).flatten(1))


def test_lrp_epsilon_is_captums_where_nothing_is_summed(x, target):
    model = drawn(Plain())
    wanted = attr.LRP(model).attribute(x.clone().requires_grad_(True), target=target).detach().numpy()
    # Captum's stabiliser is 1e-9, ours 1e-6.
    assert_close_to_maximum(ecgbench.explain(model, x, target, "lrp_epsilon"), wanted, 1e-3)


def captums_lime(model, window, label, patches, alpha):
    """Captum's LIME of one window (1, leads, time) from the masks that ours draws for it."""
    masks = window_generator(0, window[0].numpy(), "lime").random((60, int(patches.max()) + 1)) < 0.5

    def perturb(window, **given):
        yield from torch.from_numpy(masks).long().split(1)

    lime = attr.Lime(
        model,
        SkLearnLasso(alpha=alpha, tol=1e-6, max_iter=100_000),
        get_exp_kernel_similarity_function("cosine", kernel_width=1.0),
        perturb,
    )
    with torch.no_grad():
        return lime.attribute(window, target=label, feature_mask=patches[None], n_samples=len(masks))


@pytest.mark.parametrize("alpha", [0.01, 1e-4])
def test_lime_is_captums_for_the_same_masks(x, target, alpha):
    # Patches of 10 samples; the last of each lead has 10, 3 or 4.
    x, model, patches = 10 * x, small(), torch.arange(x.shape[2]) // 10
    patches = torch.stack([patches, patches + patches[-1] + 1])
    calls = [captums_lime(model, window, label, patches, alpha) for window, label in zip(x.split(1), target.tolist(), strict=True)]
    wanted = torch.cat(calls).numpy()
    assert wanted.any(axis=(1, 2)).all()
    # Captum fits in float32.
    assert_close_to_maximum(ecgbench.explain(model, x, target, "lime", patch=10, samples=60, alpha=alpha), wanted, 2e-4)
