"""Maps of the reference networks: made with Captum 0.9.0 in float64 from the study's own weights (reference/README.md)."""

from functools import cache

import numpy as np
import pytest
import torch

import ecgbench
from ecgbench.methods import METHODS

from .cases import assert_close_to_maximum

FAST = ["deep_lift", "gradcam", "guided_backprop", "guided_gradcam", "input_gradient", "lrp", "saliency"]
LONG = ["integrated_gradients"]
"""Methods that are in the file: those that draw are not, and lrp_epsilon is the file's input_gradient."""

NEAREST = ["gradcam", "guided_gradcam"]

SHARE = 1e-3
"""A map is the golden one if it is nowhere farther off than this share of its window's maximum."""

FLIPPED = 0.03
"""In float32 a ReLU within rounding of zero may flip and change a window's gradient: this share of windows may be off. Of the file's
16 windows that is less than one, so all must be right here; only in larger sets one or the other may differ."""


@pytest.fixture(scope="module", params=["mitdb", "svdb"])
def golden(request, reference):
    """The reference network in a precision, and its file with all maps as (n, leads, time)."""

    @cache
    def load(dtype):
        return ecgbench.load_model(reference / f"{request.param}_resnet18_7.safetensors").to(dtype)

    with np.load(reference / f"{request.param}_attributions.npz") as file:
        arrays = {name: file[name] for name in file.files}
    time = arrays["x"].shape[-1]
    return load, {name: array.reshape(-1, 1, time) if array.shape[-1] == time else array for name, array in arrays.items()}


def off(maps, wanted):
    """Which windows are not the golden ones, as a share of all."""
    difference = np.abs(maps - wanted).max(axis=(1, 2)) / np.abs(wanted).max(axis=(1, 2))
    return (difference > SHARE).mean()


def explained(golden, key, dtype, some, **options):
    load, file = golden
    return ecgbench.explain(load(dtype), file["x"][some], file["y"][some], key, **options)


EXACT = pytest.param(torch.float64, slice(0, 3), 0, id="float64")
SINGLE = pytest.param(torch.float32, slice(None), FLIPPED, id="float32")


@pytest.mark.parametrize("key", FAST)
@pytest.mark.parametrize(("dtype", "some", "allowed"), [EXACT, SINGLE])
def test_maps_are_the_golden_ones(golden, key, dtype, some, allowed):
    assert off(explained(golden, key, dtype, some), golden[1][key][some]) <= allowed


@pytest.mark.parametrize("key", NEAREST)
@pytest.mark.parametrize(("dtype", "some", "allowed"), [EXACT, SINGLE])
def test_maps_of_the_study_are_the_golden_ones(golden, key, dtype, some, allowed):
    assert off(explained(golden, key, dtype, some, protocol="study"), golden[1][f"{key}_nearest"][some]) <= allowed


@pytest.mark.slow
@pytest.mark.parametrize("key", LONG)
def test_maps_of_many_passes_are_the_golden_ones(golden, key):
    assert off(explained(golden, key, torch.float32, slice(1, 2)), golden[1][key][1:2]) == 0


@pytest.mark.slow
@pytest.mark.parametrize("golden", ["svdb"], indirect=True)
@pytest.mark.parametrize("key", LONG)
def test_maps_of_many_passes_are_the_golden_ones_in_double_precision(golden, key):
    assert off(explained(golden, key, torch.float64, slice(0, 1)), golden[1][key][:1]) == 0


@pytest.mark.parametrize("key", NEAREST)
def test_the_golden_file_tells_ours_from_the_studys(golden, key):
    assert off(golden[1][key], golden[1][f"{key}_nearest"]) == 1


def test_lrp_epsilon_is_the_window_times_the_gradient(golden):
    some = slice(0, 2)
    maps = explained(golden, "lrp_epsilon", torch.float64, some)
    assert_close_to_maximum(maps, golden[1]["input_gradient"][some], 2e-3)


@pytest.mark.slow
@pytest.mark.parametrize(("steps", "limit"), [(50, 0.05)])
def test_integrated_gradients_sum_to_the_difference_of_logits(golden, steps, limit):
    last = slice(-1, None)
    target = golden[1]["y"][-1]
    total = explained(golden, "integrated_gradients", torch.float32, last, steps=steps).sum(dtype=np.float64)
    difference = golden[1]["logits"][-1, target] - golden[1]["logits_zero"].reshape(-1)[target]
    assert abs(total - difference) <= limit * abs(difference)


@pytest.mark.parametrize("key", ["integrated_gradients", "deep_lift"])
def test_maps_of_the_file_sum_to_the_change_of_the_logit_as_the_method_declares(golden, key):
    file, of_window = golden[1], np.arange(len(golden[1]["y"]))
    change = file["logits"][of_window, file["y"]] - file["logits_zero"].reshape(-1)[file["y"]]
    error = np.abs(file[key].sum(axis=(1, 2), dtype=np.float64) - change) / np.maximum(np.abs(change), 1)
    assert error.max() <= METHODS[key].sum_within


def test_lrp_keeps_of_the_logit_what_biases_leave(golden):
    file, of_window = golden[1], np.arange(len(golden[1]["y"]))
    kept = explained(golden, "lrp", torch.float32, slice(0, 8)).sum(axis=(1, 2)) / file["logits"][of_window, file["y"]][:8]
    assert 0.13 <= kept.min() <= kept.max() <= 0.88


def test_every_map_of_the_golden_file_is_compared(golden):
    maps = {name for name, array in golden[1].items() if array.shape == golden[1]["x"].shape} - {"x"}
    assert maps - {f"{key}_nearest" for key in NEAREST} == {*FAST, *LONG}


def test_the_network_is_the_one_that_made_the_file(golden):
    load, file = golden
    with torch.inference_mode():
        logits = load(torch.float32)(torch.tensor(file["x"])).numpy()
    np.testing.assert_allclose(logits, file["logits"], atol=1e-4)
