"""RISE a second time in plain loops, its masks, and its limit on a linear model."""

import numpy as np
import pytest
import torch

import ecgbench
from ecgbench.randomness import window_generator

from .cases import Linear, assert_close_to_maximum, small, windows
from .oracles import seen_by


def masks_of(window, count, width, seed=0):
    """Masks (count, time) from the window's own draws, sample by sample."""
    time = window.shape[1]
    generator = window_generator(seed, window, "rise")
    nodes = generator.random((count, (time - 1 + width - 1) // width + 2)) < 0.5
    shift = generator.integers(0, width, count)
    found = np.empty((count, time))
    for mask, of, moved in zip(found, nodes, shift, strict=True):
        for t in range(time):
            left, share = divmod(t + moved, width)
            mask[t] = of[left] * (1 - share / width) + of[left + 1] * share / width
    return found


SIZES = [(2, 60, 16, 30), (1, 50, 7, 40), (3, 33, 8, 9), (1, 20, 50, 10), (1, 9, 1, 12)]


@pytest.mark.parametrize(("leads", "time", "patch", "count"), SIZES)
def test_map_is_that_of_plain_loops(leads, time, patch, count):
    model, x, wanted = small(leads), windows(leads=leads, time=time), []
    for window, label in zip(x, [0, 2, 1], strict=True):
        masks = masks_of(window, count, patch)
        with torch.inference_mode():
            logits = model(torch.tensor(window * masks[:, None]))[:, label].numpy()
        kept = [sum(logit * mask[t] for logit, mask in zip(logits, masks, strict=True)) / masks[:, t].sum() for t in range(time)]
        wanted.append(np.tile(np.array(kept) - logits.mean(), (leads, 1)))
    assert_close_to_maximum(ecgbench.explain(model, x, [0, 2, 1], "rise", patch=patch, masks=count), np.stack(wanted), 1e-9)


def test_masks_are_between_0_and_1_with_mean_one_half_everywhere_and_the_same_in_all_leads():
    x = np.ones((2, 100)) + windows(n=1, time=100)[0] * 1e-9
    rows = seen_by(small(), x, "rise", patch=10, masks=4000)
    assert rows.min() >= 0
    assert rows.max() <= 1 + 1e-6
    np.testing.assert_allclose(rows[:, 0], rows[:, 1], atol=1e-7)
    # A sample's mask has a variance of at most 1/4.
    assert np.abs(rows.mean(axis=0) - 0.5).max() < 5 * 0.5 / 4000**0.5


def test_masks_have_at_most_one_bend_in_a_patch():
    x = np.ones((2, 100)) + windows(n=1, time=100)[0] * 1e-9
    bends = np.abs(np.diff(seen_by(small(), x, "rise", patch=10, masks=200)[:, 0], n=2)) > 1e-6
    places = [np.flatnonzero(bend) for bend in bends]
    assert all(np.diff(place).min(initial=10) >= 10 for place in places)
    assert len({tuple(place % 10) for place in places if place.size}) > 5


def covariances(time, width):
    """Covariance of a mask's samples: nodes are independent with variance 1/4, and every shift is as likely."""
    found = np.zeros((time, time))
    for shift in range(width):
        share = np.zeros((time, (time + shift) // width + 2))
        for t in range(time):
            left, part = divmod(t + shift, width)
            share[t, left], share[t, left + 1] = 1 - part / width, part / width
        found += share @ share.T / 4 / width
    return found


def test_map_of_a_linear_model_tends_to_the_covariance_of_logit_and_mask():
    x, weight = windows(n=2, leads=1, time=30), windows(n=1, leads=1, time=30, seed=1)
    found = ecgbench.explain(Linear(weight, [100.0]), x, 0, "rise", patch=6, masks=40_000)
    wanted = (weight * x) @ covariances(30, 6) / 0.5
    assert_close_to_maximum(found, wanted, 0.05)


def test_a_sample_that_no_mask_keeps_gets_nothing_instead_of_nan():
    maps = ecgbench.explain(small(), windows(), 0, "rise", patch=8, masks=1)
    assert not maps.any()
