"""Maps of the reference networks: made with Captum 0.9.0 in float64 from the study's own weights (reference/README.md)."""

from functools import cache

import numpy as np
import pytest
import torch

import ecgbench
from ecgbench.methods import METHODS
from ecgbench.models import compact

from .cases import assert_close_to_maximum

FAST = ["deep_lift", "gradcam", "guided_backprop", "guided_gradcam", "input_gradient", "lrp", "saliency"]
LONG = ["integrated_gradients"]
"""Methods that are in the file: those that draw are not, and lrp_epsilon is the file's input_gradient."""

NEAREST = ["gradcam", "guided_gradcam"]

SHARE = {torch.float32: 1e-3, torch.float64: 1e-6}
"""A map is the golden one if it is nowhere farther off than this share of its window's maximum. The file has float32; in that precision a
ReLU near zero may flip."""


@pytest.fixture(scope="module", params=["mitdb", pytest.param("svdb", marks=pytest.mark.slow)])
def golden(request, reference):
    """The reference network in a precision, whole or compact, and its file with all maps as (n, leads, time)."""

    @cache
    def load(dtype, smaller=False):
        model = ecgbench.load_model(reference / f"{request.param}_resnet18_7.safetensors").to(dtype)
        return compact(model) if smaller else model

    with np.load(reference / f"{request.param}_attributions.npz") as file:
        arrays = {name: file[name] for name in file.files}
    time = arrays["x"].shape[-1]
    return load, {name: array.reshape(-1, 1, time) if array.shape[-1] == time else array for name, array in arrays.items()}


def assert_golden(maps, wanted, dtype):
    assert_close_to_maximum(maps, wanted, SHARE[dtype])


def explained(golden, key, dtype, some, smaller=False, **options):
    load, file = golden
    return ecgbench.explain(load(dtype, smaller), file["x"][some], file["y"][some], key, **options)


def explained_in_full(golden, key, dtype, some, **options):
    """By the whole network; class activation maps in float64 by the compact one, as where its units stand takes the whole one long."""
    return explained(golden, key, dtype, some, smaller=key in NEAREST and dtype == torch.float64, **options)


in_both_precisions = pytest.mark.parametrize(
    ("dtype", "some"), [(torch.float64, slice(0, 8)), (torch.float32, slice(None))], ids=["float64", "float32"]
)
on_the_compact_network = {"dtype": torch.float64, "some": slice(0, 8), "smaller": True}


@pytest.mark.parametrize("key", FAST)
@in_both_precisions
def test_maps_are_the_golden_ones(golden, key, dtype, some):
    assert_golden(explained_in_full(golden, key, dtype, some), golden[1][key][some], dtype)


@pytest.mark.parametrize("key", NEAREST)
@in_both_precisions
def test_maps_of_the_study_are_the_golden_ones(golden, key, dtype, some):
    assert_golden(explained_in_full(golden, key, dtype, some, protocol="study"), golden[1][f"{key}_nearest"][some], dtype)


@pytest.mark.slow
@pytest.mark.parametrize("key", LONG)
@pytest.mark.parametrize(
    ("dtype", "some", "smaller"), [(torch.float64, slice(0, 1), True), (torch.float32, slice(1, 3), False)], ids=["float64", "float32"]
)
def test_maps_of_many_passes_are_the_golden_ones(golden, key, dtype, some, smaller):
    assert_golden(explained(golden, key, dtype, some, smaller), golden[1][key][some], dtype)


@pytest.mark.parametrize("key", NEAREST)
def test_the_golden_file_tells_ours_from_the_studys(golden, key):
    difference, largest = np.abs(golden[1][key] - golden[1][f"{key}_nearest"]), np.abs(golden[1][key])
    assert (difference.max(axis=(1, 2)) > max(SHARE.values()) * largest.max(axis=(1, 2))).all()


def test_lrp_epsilon_is_the_window_times_the_gradient(golden):
    assert_close_to_maximum(explained(golden, "lrp_epsilon", **on_the_compact_network), golden[1]["input_gradient"][:8], 2e-3)


@pytest.mark.slow
@pytest.mark.parametrize(("steps", "limit"), [(50, 0.05), (200, 0.015)])
def test_integrated_gradients_sum_to_the_difference_of_logits(golden, steps, limit):
    file, last = golden[1], slice(-2, None)
    totals = explained(golden, "integrated_gradients", torch.float32, last, smaller=True, steps=steps).sum(axis=(1, 2), dtype=np.float64)
    difference = (file["logits"][last] - file["logits_zero"])[[0, 1], file["y"][last]]
    assert (np.abs(totals - difference) <= limit * np.abs(difference)).all()


@pytest.mark.parametrize("key", ["integrated_gradients", "deep_lift"])
def test_maps_of_the_file_sum_to_the_change_of_the_logit_as_the_method_declares(golden, key):
    file, of_window = golden[1], np.arange(len(golden[1]["y"]))
    change = file["logits"][of_window, file["y"]] - file["logits_zero"].reshape(-1)[file["y"]]
    error = np.abs(file[key].sum(axis=(1, 2), dtype=np.float64) - change) / np.maximum(np.abs(change), 1)
    assert error.max() <= METHODS[key].sum_within


def test_lrp_keeps_of_the_logit_what_biases_leave(golden):
    file, of_window = golden[1], np.arange(len(golden[1]["y"]))
    kept = explained(golden, "lrp", **on_the_compact_network).sum(axis=(1, 2)) / file["logits"][of_window, file["y"]][:8]
    assert 0.13 <= kept.min() <= kept.max() <= 0.88


def test_every_map_of_the_golden_file_is_compared(golden):
    maps = {name for name, array in golden[1].items() if array.shape == golden[1]["x"].shape} - {"x"}
    assert maps - {f"{key}_nearest" for key in NEAREST} == {*FAST, *LONG}


def test_the_network_is_the_one_that_made_the_file(golden):
    load, file = golden
    with torch.inference_mode():
        logits = load(torch.float32)(torch.tensor(file["x"])).numpy()
    np.testing.assert_allclose(logits, file["logits"], atol=1e-4)
