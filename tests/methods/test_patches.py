"""The perturbed windows of LIME and KernelSHAP as the model sees them: where patches lie, and how masks are drawn."""

import math
from collections import Counter

import numpy as np
import pytest
from scipy import stats

import ecgbench
from ecgbench.methods import explanation

from .cases import Linear, small, windows
from .oracles import masked, patches_of, seen_by, spread

BOTH = pytest.mark.parametrize("key", ["lime", "kernel_shap"])
UNLIKELY = 1e-3
"""Lowest p value that passes."""


@BOTH
@pytest.mark.parametrize(("leads", "time", "patch"), [(1, 64, 16), (2, 50, 16), (12, 100, 24), (3, 20, 50), (1, 7, 1)])
def test_a_map_is_constant_on_patches_of_single_leads_of_which_the_last_may_be_shorter(key, leads, time, patch):
    x, weight = windows(n=2, leads=leads, time=time), windows(n=1, leads=leads, time=time, seed=1)
    maps = ecgbench.explain(Linear(weight, [0.0]), x, 0, key, patch=patch, samples=400)
    patches = patches_of(leads, time, patch)
    assert len(patches) == leads * math.ceil(time / patch)
    for found in maps:
        np.testing.assert_array_equal(spread(patches, [found[place][0] for place in patches], found.shape), found)
    borders = [(place[0], place[1].start) for place in patches if place[1].start]
    assert all((maps[:, lead, start] != maps[:, lead, start - 1]).any() for lead, start in borders)


@BOTH
def test_the_model_sees_whole_patches_kept_or_zeroed(key):
    x, patches = windows(n=2, leads=3, time=50), patches_of(3, 50, 16)
    for window in x:
        rows = seen_by(small(leads=3), window, key, patch=16, samples=60)
        for row in rows:
            mask = [bool(row[place].any()) for place in patches]
            np.testing.assert_array_equal(masked(window, patches, mask), row)


def masks_of(key, count, samples, seed=0, patch=8):
    """Masks (samples, count) that one window of one lead was perturbed by."""
    window = windows(n=1, leads=1, time=count * patch, seed=9)[0]
    rows = seen_by(Linear(np.ones((1, *window.shape)), [0.0]), window, key, patch=patch, samples=samples, seed=seed)
    found = (rows[:, 0, ::patch] != 0).astype(int)
    return found if key == "lime" else found[(found.sum(axis=1) > 0) & (found.sum(axis=1) < count)]


@pytest.mark.parametrize("samples", [2, 100, 501])
def test_lime_asks_the_model_as_often_as_it_is_told(samples):
    assert len(masks_of("lime", 12, samples)) == samples


def test_lime_keeps_each_patch_with_probability_one_half_whatever_becomes_of_others():
    masks = masks_of("lime", 4, 8000)
    counts = Counter(map(tuple, masks.tolist()))
    assert len(counts) == 16
    assert stats.chisquare(list(counts.values())).pvalue > UNLIKELY


@pytest.mark.parametrize("samples", [2, 100, 500])
def test_kernel_shap_draws_as_many_masks_as_it_is_told_in_pairs_of_complements(samples):
    counts = Counter(map(tuple, masks_of("kernel_shap", 9, samples).tolist()))
    assert counts.total() == samples
    assert all(counts[tuple(1 - kept for kept in mask)] == count for mask, count in counts.items())


@pytest.mark.parametrize("count", [4, 7, 12])
def test_sizes_of_kernel_shap_s_masks_follow_the_shapley_kernel(count):
    pairs = 10_000
    sizes = Counter(masks_of("kernel_shap", count, 2 * pairs).sum(axis=1).tolist())
    weights = np.array([1 / (size * (count - size)) for size in range(1, count)])
    # A pair has one mask of each of two sizes, so sizes up to the half count pairs, and the half itself counts them twice.
    of_pairs = {size: sizes[size] / (2 if 2 * size == count else 1) for size in range(1, count // 2 + 1)}
    wanted = np.array([weights[size - 1] * (1 if 2 * size == count else 2) for size in of_pairs])
    assert sum(of_pairs.values()) == pairs
    assert stats.chisquare(list(of_pairs.values()), wanted / wanted.sum() * pairs).pvalue > UNLIKELY


@pytest.mark.parametrize("size", [1, 2, 3])
def test_kernel_shap_s_masks_of_one_size_are_equally_likely(size):
    masks = masks_of("kernel_shap", 6, 12_000)
    counts = Counter(map(tuple, masks[masks.sum(axis=1) == size].tolist()))
    assert len(counts) == math.comb(6, size)
    # Masks of half the patches come with their complements: one of the two is enough.
    tallies = [count for mask, count in counts.items() if mask[0] or 2 * size != 6]
    assert stats.chisquare(tallies).pvalue > UNLIKELY


@BOTH
def test_masks_depend_on_the_seed_and_on_the_window(key):
    masks = [masks_of(key, 8, 40, seed).tolist() for seed in (0, 0, 1)]
    assert masks[0] == masks[1]
    assert masks[0] != masks[2]
    model, x = small(leads=1), windows(n=2, leads=1)
    first, second = ([(row != 0).any(axis=0).tolist() for row in seen_by(model, window, key, patch=8, samples=40)] for window in x)
    assert first != second


@BOTH
def test_several_windows_are_perturbed_as_each_of_them_alone(key):
    model, x = small(), windows(n=3)
    together = ecgbench.explain(model, x, 1, key, patch=8, samples=60)
    np.testing.assert_allclose(
        together, [ecgbench.explain(model, x[i : i + 1], 1, key, patch=8, samples=60)[0] for i in range(3)], atol=1e-12
    )


def test_windows_are_perturbed_by_zeros_where_the_flat_line_is_not_neutral():
    model = Linear(np.ones((1, 1, 8)), [5.0])
    found = explanation(model, np.ones((1, 1, 8)), 0, "kernel_shap", patch=4, samples=20)
    assert found.maps.tolist() == [[pytest.approx([4.0] * 8)]]
