"""Occlusion against Captum's, and a second time in plain loops."""

import numpy as np
import pytest
import torch
from captum import attr

import ecgbench
from ecgbench.errors import InputError

from .cases import Linear, assert_close_to_maximum, small, windows


def logit(model, window, target):
    with torch.inference_mode():
        return model(torch.tensor(window[None]))[0, target].item()


def plainly(model, window, target, width, stride):
    """Mean over the patches that cover a sample of what hiding one takes away, shared among its samples."""
    shares = [[] for _ in range(window.shape[1])]
    start = 0
    while True:
        inside = range(start, min(start + width, window.shape[1]))
        hidden = window.copy()
        hidden[:, inside] = 0
        fall = logit(model, window, target) - logit(model, hidden, target)
        for t in inside:
            shares[t].append(fall / (len(inside) * len(window)))
        start += stride
        if inside.stop == window.shape[1]:
            return np.tile([np.mean(of_sample) for of_sample in shares], (len(window), 1))


SIZES = [(2, 60, 16, None), (1, 50, 10, 10), (3, 61, 12, 5), (2, 40, 7, 1), (1, 20, 50, 3)]


@pytest.mark.parametrize(("leads", "time", "patch", "stride"), SIZES)
def test_map_is_that_of_plain_loops(leads, time, patch, stride):
    model, x = small(leads), windows(leads=leads, time=time)
    wanted = [plainly(model, window, label, patch, stride or patch) for window, label in zip(x, [0, 2, 1], strict=True)]
    assert_close_to_maximum(ecgbench.explain(model, x, [0, 2, 1], "occlusion", patch=patch, stride=stride), np.stack(wanted), 1e-10)


@pytest.mark.parametrize("stride", [4, 8])
def test_map_is_captums_less_the_share_of_a_sample(stride):
    model, x, target = small(), windows(time=64), [0, 2, 1]
    options = {"sliding_window_shapes": (2, 8), "strides": (2, stride), "target": torch.tensor(target)}
    wanted = attr.Occlusion(model).attribute(torch.tensor(x), **options)
    found = ecgbench.explain(model, x, target, "occlusion", patch=8, stride=stride)
    # Captum's sums are in float32.
    assert_close_to_maximum(found * 16, wanted.detach().numpy(), 1e-6)


@pytest.mark.parametrize("stride", [1, 5, 10])
def test_a_sample_of_a_linear_model_has_the_mean_of_the_patches_over_it(stride):
    x, weight = windows(n=2, leads=1, time=40), windows(n=1, leads=1, time=40, seed=1)
    found = ecgbench.explain(Linear(weight, [3.0]), x, 0, "occlusion", patch=10, stride=stride)
    starts = range(0, 31, stride)
    over = [[start for start in starts if start <= t < start + 10] for t in range(40)]
    wanted = [[np.mean([(weight[0, 0] * window[0])[s : s + 10].mean() for s in of_sample]) for of_sample in over] for window in x]
    np.testing.assert_allclose(found[:, 0], wanted, rtol=1e-9)


def test_a_stride_that_would_leave_samples_out_is_refused():
    with pytest.raises(InputError, match="expected stride as a whole number up to 8, got 9; name another"):
        ecgbench.explain(small(), windows(), 0, "occlusion", patch=8, stride=9)
