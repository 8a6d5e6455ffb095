import math
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecgbench.errors import InputError
from ecgbench.metrics.faithfulness_correlation import faithfulness_correlation, falls_of_subsets, random_subsets

from . import oracles
from .cases import World, many, row

SEED = 3


def of_made_up(attributions, drops, *subsets):
    """Score of one window whose logit falls by `drops` without `subsets`."""
    shared = {"drops": np.array([drops], dtype=np.float64), "size": np.array([len(subsets[0])])}
    with mock.patch(f"{faithfulness_correlation.__module__}.random_subsets", return_value=np.array([subsets], dtype=np.int32)):
        return faithfulness_correlation(attributions, np.zeros_like(attributions), 0, shared)[0]


def shared_of(world, windows=slice(None), seed=SEED, **options):
    return falls_of_subsets(world.x[windows], world.target[windows], world.evaluate, seed, **options)


def score(attributions, world, seed=SEED, **options):
    return faithfulness_correlation(attributions, world.x, seed, shared_of(world, seed=seed, **options))


def subsets_of(world, runs=100, share=0.1, seed=SEED):
    size = int(shared_of(world, runs=2, share=share)["size"][0])
    return random_subsets(world.x, seed, runs, size)


def exact_attributions(world):
    """Of a linear model: what each value adds to the target's logit."""
    weights = world.evaluate.weights.reshape(-1, *world.x.shape[1:])
    return world.x.astype(np.float64) * weights[world.target]


def test_hand_computed():
    # Sums 1 + 2, 2 + 4, 1 + 4 = 3, 6, 5 against falls 1, 2, 6: deviations (-5, 4, 1) / 3 and -2, -1, 3.
    expected = ((-5 * -2 + 4 * -1 + 1 * 3) / 3) / math.sqrt((25 + 16 + 1) / 9 * (4 + 1 + 9))
    assert of_made_up(row(1, 2, 4), [1, 2, 6], [0, 1], [1, 2], [0, 2]) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(("leads", "dtype"), [(1, np.float32), (12, np.float64)])
def test_exact_attributions_of_a_linear_model_score_one(leads, dtype):
    world = World(n=3, leads=leads, time=60, dtype=dtype)
    np.testing.assert_allclose(score(exact_attributions(world), world), 1.0, rtol=1e-12)


def test_absolute_values_of_exact_attributions_say_nothing():
    world = World(n=30, leads=1, time=200)
    scores = score(np.abs(exact_attributions(world)), world)
    assert abs(scores.mean()) < 4 * scores.std(ddof=1) / math.sqrt(30)
    assert np.abs(scores).max() < 0.6


@pytest.mark.parametrize(("factor", "shift", "wanted"), [(5.0, 0.0, 1.0), (-5.0, 0.0, -1.0), (1.0, 3.0, 1.0)])
def test_scale_and_shift_of_the_map_do_not_matter_but_its_sign_does(factor, shift, wanted):
    world = World()
    attributions = exact_attributions(world) * factor + shift
    np.testing.assert_allclose(score(attributions, world), wanted, rtol=1e-9)


@many
@given(st.integers(0, 500), st.sampled_from([1, 3]), st.integers(5, 30), st.integers(2, 9), st.floats(0.1, 1.0))
def test_equals_the_plain_loop(seed, leads, time, runs, share):
    world = World(n=2, leads=leads, time=time, seed=seed, dtype=np.float64)
    world.attributions = np.round(world.attributions)
    options = {"runs": runs, "share": max(share, 1 / time)}
    shared, subsets = shared_of(world, **options), subsets_of(world, **options)
    scores = score(world.attributions, world, **options)
    for i in range(2):
        expected = oracles.faithfulness_correlation(world.attributions[i], world.x[i], world.target[i], world.evaluate, subsets[i].tolist())
        if np.ptp(shared["drops"][i]) > 1e-9:
            np.testing.assert_allclose(scores[i], expected, atol=1e-6)


def test_subsets_are_a_tenth_of_the_values_without_repetition():
    world = World(n=2, leads=12, time=33)
    shared, subsets = shared_of(world), subsets_of(world)
    assert subsets.shape == (2, 100, 39)
    assert subsets.dtype == np.int32
    assert shared["drops"].shape == (2, 100)
    assert shared["size"].tolist() == [39, 39]
    assert all(len(set(subset)) == 39 for subset in subsets.reshape(-1, 39).tolist())
    assert set(subsets.ravel().tolist()) == set(range(12 * 33))


def test_values_are_drawn_evenly():
    counts = np.bincount(subsets_of(World(n=1, leads=2, time=10), runs=4000).ravel(), minlength=20)
    assert np.abs(counts - 400).max() < 5 * math.sqrt(4000 * 0.1 * 0.9)


def test_rounding_of_the_share_does_not_lose_a_value():
    # 0.29 * 100 is 28.999999999999996 in float64.
    assert set(shared_of(World(leads=1, time=100), runs=2, share=0.29)["size"]) == {29}


def test_rows_are_the_window_and_then_the_window_without_each_subset():
    world = World(n=2, leads=3, time=20)
    shared_of(world, runs=5)
    assert len(world.evaluate.calls) == 2
    for window, subsets, rows in zip(world.x, subsets_of(world, runs=5), world.evaluate.calls[:2], strict=True):
        np.testing.assert_array_equal(rows[0], window)
        for subset, gone in zip(subsets, rows[1:], strict=True):
            np.testing.assert_array_equal(np.flatnonzero(gone.ravel() != window.ravel()), np.sort(subset))
            assert not gone.ravel()[subset].any()


def test_drops_are_falls_of_the_targets_logit():
    world = World(n=2, leads=2, time=30, dtype=np.float64)
    shared, exact = shared_of(world), exact_attributions(world).reshape(2, -1)
    expected = np.take_along_axis(exact, subsets_of(world).reshape(2, -1), axis=1).reshape(2, 100, 6).sum(axis=2)
    np.testing.assert_allclose(shared["drops"], expected, atol=1e-12)


def test_subsets_do_not_depend_on_batch_or_order():
    world = World(n=4)
    together, backwards = shared_of(world), shared_of(world, slice(None, None, -1))
    np.testing.assert_array_equal(together["drops"], backwards["drops"][::-1])
    np.testing.assert_array_equal(together["drops"][2:3], shared_of(world, slice(2, 3))["drops"])
    np.testing.assert_array_equal(subsets_of(world)[2:3], random_subsets(world.x[2:3], SEED, 100, 15))


def test_subsets_depend_on_seed_and_window():
    world = World(n=2)
    first, second = subsets_of(world)
    assert (first != second).any()
    assert (first != subsets_of(world, seed=4)[0]).any()


def test_all_methods_meet_the_same_subsets_and_the_model_is_asked_once():
    world = World(n=2)
    shared = shared_of(world)
    before = {name: array.copy() for name, array in shared.items()}
    for array in shared.values():
        array.flags.writeable = False
    one, other = (faithfulness_correlation(maps, world.x, SEED, shared) for maps in (world.attributions, world.attributions + 1))
    np.testing.assert_allclose(one, other, atol=1e-5)
    assert len(world.evaluate.calls) == 2
    assert all((shared[name] == before[name]).all() for name in shared)


@pytest.mark.parametrize("value", [0.0, 0.1])
def test_constant_maps_are_undefined(value):
    world = World(n=1, leads=12, time=31)
    assert np.isnan(score(np.full(world.x.shape, value), world)[0])


def test_constant_falls_are_undefined():
    assert np.isnan(of_made_up(row(1, 2, 4), [0.1] * 3, [0, 1], [1, 2], [0, 2]))


def test_constant_sums_are_undefined():
    assert np.isnan(of_made_up(row(1, 2, 2), [1, 2], [0, 1], [0, 2]))


def test_tiny_maps_are_not_taken_for_constant():
    tiny, large = (of_made_up(row(1, 2, 4) * scale, [1, 2, 6], [0, 1], [1, 2], [0, 2]) for scale in (1e-200, 1))
    assert tiny == pytest.approx(large)


@pytest.mark.parametrize("options", [{"runs": 1}, {"share": 0.0}, {"share": 0.001}, {"share": 1.1}, {"share": -0.5}])
def test_options_out_of_range_are_refused(options):
    with pytest.raises(InputError, match=next(iter(options))):
        shared_of(World(), **options)


def test_shared_arrays_of_other_windows_are_refused():
    world = World(n=3)
    with pytest.raises(InputError, match="expected shared drops of shape"):
        faithfulness_correlation(world.attributions[:2], world.x[:2], SEED, shared_of(world))
