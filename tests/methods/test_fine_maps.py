"""HiResCAM and LayerCAM: on paper, against Captum's layer gradients, and which layer they explain."""

import numpy as np
import pytest
import torch
from captum import attr
from torch import nn

import ecgbench
from ecgbench.models import compact, untrained

from .cases import assert_close_to_maximum, drawn, small, windows
from .test_by_hand import TwoChannels, TwoRows, X, explained

BOTH = pytest.mark.parametrize("key", ["hirescam", "layercam"])
TARGET = [0, 2, 1]


def test_hirescam_by_hand():
    # Channels (1, 2, -1) and (5, 0, 3) times gradients (1, 2, 3) and (-1, 0, -2).
    assert explained(TwoChannels(), X, "hirescam", layer="features") == [1 - 5, -4, 4, 4, -3 - 6, -9]


def test_layercam_by_hand():
    # Negative gradients count nothing: 1, 4 and -3, of which the last is rectified.
    assert explained(TwoChannels(), X, "layercam", layer="features") == [1, 1, 4, 4, 0, 0]


@BOTH
def test_leads_that_are_rows_stay_apart(key):
    maps = ecgbench.explain(TwoRows(), [[[1.0, 9, 2, 9], [-1, 9, 5, 9]]], 0, key)
    assert maps.tolist() == [[[1, 1, 6, 6], [-2 if key == "hirescam" else 0, -2 if key == "hirescam" else 0, 30, 30]]]


@pytest.mark.parametrize("layer", ["features.0", "features.1", "features.3"])
def test_hirescam_is_captums_layer_gradient_times_activation_summed_over_channels(layer):
    model, x = small(), torch.tensor(windows())
    captum = attr.LayerGradientXActivation(model, model.get_submodule(layer))
    wanted = captum.attribute(x, torch.tensor(TARGET)).sum(dim=1, keepdim=True)
    wanted = attr.LayerAttribution.interpolate(wanted, 64, "nearest").expand_as(x).detach().numpy()
    assert_close_to_maximum(ecgbench.explain(model, x, TARGET, "hirescam", layer=layer, upsampling="nearest"), wanted, 1e-10)


@pytest.mark.parametrize("layer", ["features.0", "features.3"])
def test_layercam_is_captums_activation_weighted_by_its_layer_gradient(layer):
    model, x, target = small(), torch.tensor(windows()), torch.tensor(TARGET)
    activation = attr.LayerActivation(model, model.get_submodule(layer)).attribute(x)
    product = attr.LayerGradientXActivation(model, model.get_submodule(layer)).attribute(x, target)
    gradient = torch.where(activation == 0, 0, product / activation)
    wanted = (gradient.clamp(min=0) * activation).sum(dim=1, keepdim=True).clamp(min=0)
    wanted = attr.LayerAttribution.interpolate(wanted, 64, "nearest").expand_as(x).detach().numpy()
    assert_close_to_maximum(ecgbench.explain(model, x, TARGET, "layercam", layer=layer, upsampling="nearest"), wanted, 1e-10)


def test_hirescam_of_the_window_itself_is_input_times_gradient():
    model = drawn(
        nn.Sequential(nn.Unflatten(1, (1, 1)), nn.Conv2d(1, 3, (1, 5), padding=(0, 2)), nn.ReLU(), nn.Flatten(), nn.Linear(192, 3))
    )
    x = windows(leads=1)
    found = ecgbench.explain(model, x, TARGET, "hirescam", layer="0")
    assert_close_to_maximum(found, ecgbench.explain(model, x, TARGET, "input_gradient"), 1e-12)


@pytest.mark.parametrize("upsampling", ["linear", "nearest"])
def test_behind_a_global_average_hirescam_is_gradcam_and_its_units_sum_to_the_logit_without_bias(upsampling):
    model, x = untrained("resnet18_7_narrow", 3).double().eval(), windows(leads=1, time=320)
    maps = {key: ecgbench.explain(model, x, TARGET, key, layer="layer4", upsampling=upsampling) for key in ("hirescam", "gradcam")}
    assert_close_to_maximum(maps["hirescam"], maps["gradcam"], 1e-10)
    with torch.no_grad():
        logit = (model(torch.tensor(x)) - model.fc.bias)[[0, 1, 2], TARGET].numpy()
    np.testing.assert_allclose(maps["hirescam"][:, 0, ::32].sum(axis=1), logit, rtol=1e-9)


@BOTH
def test_the_second_stage_of_a_resnet_is_explained_whose_units_are_8_samples_apart(key):
    model, x = untrained("resnet18_7_narrow", 3).double(), windows(leads=2, time=320)
    found = ecgbench.explain(model, x, TARGET, key)
    np.testing.assert_array_equal(found, ecgbench.explain(model, x, TARGET, key, layer="layer2"))
    np.testing.assert_allclose(found[..., 4::8][..., :-1], (found[..., :-8:8] + found[..., 8::8]) / 2, atol=1e-12)


@BOTH
def test_a_model_that_names_no_finer_layer_has_the_one_of_gradcam(key):
    x = windows()
    np.testing.assert_array_equal(ecgbench.explain(small(), x, TARGET, key), ecgbench.explain(small(), x, TARGET, key, layer="features"))


@BOTH
def test_a_model_that_names_no_layer_has_the_last_that_stands_in_time(key):
    model = nn.Sequential(nn.Conv1d(2, 4, 5), nn.Flatten(), nn.Linear(240, 3)).double()
    x = windows()
    np.testing.assert_array_equal(ecgbench.explain(model, x, 0, key), ecgbench.explain(model, x, 0, key, layer="0"))


def test_map_of_the_compact_network_is_that_of_the_whole_one(reference):
    model = ecgbench.load_model(reference / "mitdb_resnet18_7.safetensors").double()
    with np.load(reference / "mitdb_attributions.npz") as file:
        x, y = file["x"][:2].reshape(2, 1, -1)[..., :720].astype(np.float64), file["y"][:2]
    smaller = compact(model)
    for key in ("hirescam", "layercam"):
        assert_close_to_maximum(ecgbench.explain(smaller, x, y, key), ecgbench.explain(model, x, y, key), 1e-6)
