"""Sketches against what they stand for: the correlation of whole maps."""

import numpy as np
import pytest

from ecgbench.protocol import NEAR_DUPLICATE, SKETCH_SIZE
from ecgbench.results import map_correlation, near_duplicates, sketch
from ecgbench.results.sketches import sketched_correlation, unit_maps

WINDOWS, LEADS, TIME = 64, 2, 150


def random_maps(seed=0, count=WINDOWS):
    return np.random.default_rng(seed).normal(size=(count, LEADS, TIME))


def correlated(maps, correlation, seed=1):
    """Maps that correlate with the given ones by exactly so much: a part along them and a part at right angles to them."""
    units, others = (m.reshape(len(m), -1) - m.mean(axis=(1, 2))[:, None] for m in (maps, random_maps(seed, len(maps))))
    units = units / np.linalg.norm(units, axis=1, keepdims=True)
    others = others - (others * units).sum(axis=1, keepdims=True) * units
    others = others / np.linalg.norm(others, axis=1, keepdims=True)
    return (correlation * units + np.sqrt(1 - correlation**2) * others).reshape(maps.shape)


def of_numpy(first, second):
    return np.array([np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(first, second, strict=True)])


def test_correlation_is_that_of_numpy():
    first, second = random_maps(0), random_maps(1) + 3 * random_maps(0) - 5
    np.testing.assert_allclose(map_correlation(first, second), of_numpy(first, second), rtol=0, atol=1e-12)


def test_correlation_of_a_constant_map_is_undefined():
    maps = random_maps(count=3)
    maps[1] = 0.1  # whose mean is not 0.1 in floating point
    assert list(np.isnan(map_correlation(maps, random_maps(1, 3)))) == [False, True, False]
    assert list(np.isnan(map_correlation(random_maps(1, 3), maps))) == [False, True, False]


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_scale_of_the_values_does_not_matter(scale):
    np.testing.assert_allclose(unit_maps(random_maps() * scale), unit_maps(random_maps()), rtol=0, atol=1e-12)


@pytest.mark.parametrize("correlation", [-1.0, 0.0, 0.999])
def test_estimate_is_the_correlation_within_its_standard_error(correlation):
    """A squared distance's estimate from k directions has the relative standard deviation sqrt(2 / k); windows are averaged."""
    maps = random_maps()
    found = sketched_correlation(sketch(maps), sketch(correlated(maps, correlation)))
    error = (1 - correlation) * np.sqrt(2 / SKETCH_SIZE / WINDOWS)
    assert found == pytest.approx(correlation, abs=4 * error + 1e-6)


def test_sketch_is_small_and_the_same_in_any_batch():
    maps = random_maps()
    whole = sketch(maps)
    assert (whole.shape, whole.dtype) == ((WINDOWS, SKETCH_SIZE), np.float32)
    np.testing.assert_allclose(np.concatenate([sketch(maps[:7]), sketch(maps[7:])]), whole, rtol=0, atol=1e-6)


def test_sketch_ignores_offset_and_scale_but_not_sign():
    maps = random_maps()
    np.testing.assert_allclose(sketch(5 * maps + 2), sketch(maps), rtol=0, atol=1e-6)
    np.testing.assert_allclose(sketch(-maps), -sketch(maps), rtol=0, atol=1e-6)


def test_constant_and_broken_maps_have_the_zero_sketch():
    maps = random_maps(count=4)
    maps[0], maps[1, 0, 3], maps[2, 1, 4] = 0.1, np.nan, np.inf
    assert list(sketch(maps).any(axis=1)) == [False, False, False, True]
    zero = np.zeros((WINDOWS, SKETCH_SIZE), dtype=np.float32)
    assert sketched_correlation(zero, zero) == 1
    assert sketched_correlation(zero, sketch(random_maps())) == pytest.approx(0.5, abs=0.1)


def test_near_duplicates_name_each_other_and_others_are_left_alone():
    maps = random_maps()
    close, near = correlated(maps, 0.9999), correlated(maps, 0.99)
    held = {"lime": {"1": sketch(maps)}, "lrp": {"1": sketch(close)}, "saliency": {"1": sketch(near)}, "gradcam": {"1": sketch(-maps)}}
    assert NEAR_DUPLICATE == 0.999
    assert near_duplicates(held) == {"lime": ["lrp"], "lrp": ["lime"]}


def test_near_duplicates_are_so_on_every_seed_that_both_have():
    same, other = sketch(random_maps(0)), sketch(random_maps(1))
    assert near_duplicates({"a": {"1": same, "2": same}, "b": {"1": same, "2": other}}) == {}
    assert near_duplicates({"a": {"1": same, "2": same}, "b": {"1": same, "3": other}}) == {"a": ["b"], "b": ["a"]}
    assert near_duplicates({"a": {"1": same}, "b": {"2": same}}) == {}


def test_sketches_of_other_windows_are_not_compared():
    assert near_duplicates({"a": {"1": sketch(random_maps())}, "b": {"1": sketch(random_maps())[:5]}}) == {}


def test_alike_methods_all_name_each_other():
    same = {"1": sketch(random_maps())}
    assert near_duplicates({"c": same, "a": same, "b": same}) == {"a": ["b", "c"], "b": ["a", "c"], "c": ["a", "b"]}
