"""Bad options, and models that cannot be explained: one clear error each."""

import numpy as np
import pytest
import torch
from torch import nn

import ecgbench
from ecgbench.errors import InputError

from .cases import drawn, explain, quick, small, windows

NOT_WHOLE = [0, -1, 2.5, "5", True]
COUNTS = [
    ("integrated_gradients", "steps", 1),
    ("lime", "patch", 1),
    ("lime", "samples", 1),
    ("kernel_shap", "patch", 1),
    ("kernel_shap", "samples", 2),
    ("deep_shap", "baselines", 1),
    ("expected_gradients", "baselines", 1),
    ("expected_gradients", "steps", 1),
    ("occlusion", "patch", 1),
    ("occlusion", "stride", 1),
    ("rise", "patch", 1),
    ("rise", "masks", 1),
    ("shapley_patches", "patch", 1),
    ("shapley_patches", "permutations", 2),
    ("smoothgrad", "copies", 1),
    ("vargrad", "copies", 1),
]


@pytest.mark.parametrize(("key", "option", "least"), COUNTS)
def test_counts_below_their_least_are_refused(key, option, least):
    with pytest.raises(InputError, match=f"expected {option} as a whole number from {least} on, got {least - 1}; name another"):
        explain(small(), windows(), 1, key, **{option: least - 1})


@pytest.mark.parametrize("value", NOT_WHOLE)
def test_what_is_no_count_is_no_count(value):
    from ecgbench.inputs import at_least

    with pytest.raises(InputError, match="expected rows as a whole number from 1 on, got"):
        at_least("rows", value)
    assert at_least("rows", np.int64(3)) == 3


def test_odd_samples_are_refused_where_masks_come_in_pairs_with_the_next_even_number():
    with pytest.raises(InputError, match="expected an even number of samples, since masks are drawn in pairs, got 5; name 6"):
        ecgbench.explain(small(), windows(), 1, "kernel_shap", samples=5)


@pytest.mark.parametrize("alpha", [0.0, -1.0, float("nan"), float("inf")])
def test_a_penalty_that_is_none_is_refused(alpha):
    with pytest.raises(InputError, match='expected a positive alpha or "relative"'):
        ecgbench.explain(small(), windows(), 1, "lime", alpha=alpha, samples=4)


BACKGROUNDS = {
    "of another length": (np.zeros((3, 2, 10)), r"expected a background \(m, 2, 64\), got \(3, 2, 10\); cut it like the windows"),
    "of one window": (np.zeros((2, 64)), r"expected a background \(m, 2, 64\), got \(2, 64\)"),
    "of no window": (np.zeros((0, 2, 64)), r"got \(0, 2, 64\); cut it like the windows"),
    "ragged": ([[1.0], [1.0, 2.0]], "got lists of several lengths; cut it like the windows"),
    "with nan": (np.full((3, 2, 64), np.nan), "expected a background of finite numbers"),
    "of text": (np.full((3, 2, 64), "a"), "expected a background of finite numbers"),
}


@pytest.mark.parametrize(("background", "message"), BACKGROUNDS.values(), ids=BACKGROUNDS.keys())
def test_a_background_that_is_no_windows_is_refused(background, message):
    with pytest.raises(InputError, match=message):
        ecgbench.explain(small(), windows(), 1, "deep_shap", background=background)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_models_of_less_than_single_precision_are_refused(dtype):
    with pytest.raises(InputError, match=rf"expected a model in float32 or float64, got {dtype}; call model.float\(\)"):
        ecgbench.explain(small().to(dtype), windows(), 1, "saliency")


class Around(nn.Module):
    """The small network with something of one's own around it."""

    gradcam_layer = "network.features"

    def __init__(self):
        super().__init__()
        self.network, self.aside = small(), nn.Conv1d(2, 2, 3)
        self.gate = nn.Parameter(torch.zeros(3, 1))


class Detached(Around):
    def forward(self, x):
        with torch.no_grad():
            return self.network(x)


@pytest.mark.parametrize("key", ["saliency", "guided_backprop", "guided_gradcam", "gradcam", "deep_lift", "deep_shap", "lrp"])
def test_a_model_without_gradients_is_refused_by_methods_that_need_them(key):
    with pytest.raises(InputError, match=r"expected a model that can be differentiated, got .* without a gradient"):
        ecgbench.explain(drawn(Detached()), windows(), 1, key, **quick(key))


class Sideways(Around):
    def forward(self, x):
        self.aside(x)
        return self.network(x)


@pytest.mark.parametrize("key", ["gradcam", "guided_gradcam"])
def test_a_layer_that_is_not_on_the_way_to_the_logit_is_refused(key):
    with pytest.raises(InputError, match="expected values that the logit depends on, got some that it does not; name another layer"):
        ecgbench.explain(drawn(Sideways()), windows(), 1, key, layer="aside")


class Gated(Around):
    def forward(self, x):
        return self.network(x) * torch.sigmoid(self.gate).view(-1)[:3]


def test_activations_of_parameters_are_no_windows():
    model, x, baseline = drawn(Gated()), windows(), windows(n=1, seed=5)
    shap = ecgbench.explain(model, x, 1, "deep_shap", background=baseline)
    with torch.no_grad():
        change = (model(torch.tensor(x)) - model(torch.tensor(baseline)))[:, 1].numpy()
    np.testing.assert_allclose(shap.sum(axis=(1, 2)), change, rtol=1e-9)


class TimeFirst(Around):
    """The rows of its activations are samples, not windows."""

    def forward(self, x):
        return torch.relu(x.permute(2, 0, 1)[:61]).mean(dim=0) @ torch.ones(2, 3, dtype=x.dtype)


@pytest.mark.parametrize("baselines", [1, 2])
def test_a_model_that_moves_windows_off_the_first_axis_is_explained_window_by_window(baselines):
    x, background = windows(), windows(n=baselines, seed=5)
    wanted = (np.maximum(x, 0) - np.maximum(background, 0).mean(axis=0)) / 61
    wanted[:, :, 61:] = 0
    np.testing.assert_allclose(ecgbench.explain(drawn(TimeFirst()), x, 1, "deep_shap", background=background), wanted, atol=1e-12)


class Unheld(nn.Module):
    """A layer in a list, which neither `eval` nor `modules` finds."""

    def __init__(self, layer):
        super().__init__()
        self.layers, self.out = [layer], nn.Linear(64, 2)

    def forward(self, x):
        return self.out(self.layers[0](x).mean(1))


@pytest.mark.parametrize("layer", [nn.Dropout(0.5), nn.BatchNorm1d(2), nn.InstanceNorm1d(2, track_running_stats=True)])
def test_a_layer_in_training_that_the_model_does_not_hold_is_named(layer):
    """A batch norm would make each map depend on the windows beside it, and nothing else would tell."""
    model, x = Unheld(layer).eval(), windows(dtype=np.float32)
    for key in ("saliency", "lrp", "occlusion"):
        with pytest.raises(InputError, match=rf"{type(layer).__name__} in training mode that it calls and does not hold.*ModuleList"):
            explain(model, x, 0, key)
    layer.eval()
    assert np.isfinite(explain(model, x, 0, "saliency")).all()


def test_a_layer_that_is_the_same_in_training_need_not_be_held():
    assert np.isfinite(explain(Unheld(nn.InstanceNorm1d(2)).eval(), windows(dtype=np.float32), 0, "saliency")).all()
