import math
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ecgbench.errors import InputError
from ecgbench.randomness import window_generator

from . import oracles
from .cases import Linear, World, many, perturbed, row

region_perturbation_morf = partial(perturbed, "region_perturbation_morf")
region_perturbation_lerf = partial(perturbed, "region_perturbation_lerf")
BOTH = {True: region_perturbation_morf, False: region_perturbation_lerf}

both_directions = pytest.mark.parametrize("metric", BOTH.values(), ids=["morf", "lerf"])


def sigmoid(logit):
    return 1 / (1 + math.exp(-logit))


def score(metric, attributions, x, evaluate, target=0, multilabel=True, seed=0, **options):
    return metric(attributions, x, np.full(len(x), target), evaluate, seed, multilabel, **options)


# Logit -1 + sum of the window: three patches of two samples that give it 6, 2 and 1.
WINDOW, WHOLE = row(3, 3, 1, 1, 0.5, 0.5), 8.0


def summing(x=WINDOW):
    return Linear(np.ones((1, *x.shape[1:])), bias=-1.0)


def test_morf_hand_computed():
    # The map ranks the patches 3, 1, 2; half of the samples is reached with the second: logits 8, 7, 1.
    drops = [0, sigmoid(8) - sigmoid(7), sigmoid(8) - sigmoid(1)]
    expected = (drops[0] / 2 + drops[1] + drops[2] / 2) / 2
    assert score(region_perturbation_morf, row(2, 2, 0, 0, 3, 3), WINDOW, summing(), patch=2)[0] == pytest.approx(expected, abs=1e-15)


def test_lerf_hand_computed():
    # Backwards: patch 2, then 1: logits 8, 6, 0.
    drops = [0, sigmoid(8) - sigmoid(6), sigmoid(8) - sigmoid(0)]
    expected = (drops[0] / 2 + drops[1] + drops[2] / 2) / 2
    assert score(region_perturbation_lerf, row(2, 2, 0, 0, 3, 3), WINDOW, summing(), patch=2)[0] == pytest.approx(expected, abs=1e-15)


def test_probability_is_the_targets_share_of_the_softmax():
    # Two outputs with logits s and -s: the softmax of the first is the sigmoid of 2 s.
    evaluate = Linear([[[1.0, 1.0]], [[-1.0, -1.0]]])
    expected = (sigmoid(2 * 3) - sigmoid(2 * 1)) / 2
    morf = score(region_perturbation_morf, row(2, 1), row(2, 1), evaluate, multilabel=False, patch=1)
    assert morf[0] == pytest.approx(expected, abs=1e-15)


def test_every_window_is_asked_for_its_own_target():
    evaluate = Linear([[[1.0, 0.0]], [[0.0, 1.0]]])
    x, attributions = np.repeat(row(4, 2), 2, axis=0), np.repeat(row(1, 0), 2, axis=0)
    scores = region_perturbation_morf(attributions, x, np.array([0, 1]), evaluate, 0, True, patch=1)
    np.testing.assert_allclose(scores, [(sigmoid(4) - 0.5) / 2, 0.0], atol=1e-15)


@pytest.mark.parametrize(("multilabel", "drop"), [(False, 1.0), (True, 0.5)])
def test_huge_logits_give_finite_probabilities(multilabel, drop):
    # The logit falls from 3000 to -3000, beside another one of 0, or to 0, alone.
    evaluate = Linear([[[1.0, 1.0]], [[0.0, 0.0]]])
    x = row(3000, 0) if multilabel else row(6000, -3000)
    assert score(region_perturbation_morf, row(2, 1), x, evaluate, multilabel=multilabel, patch=1)[0] == drop / 2


def test_patch_sums_run_over_all_leads():
    # The first patch is highest in lead 0, the second over both leads.
    attributions = np.array([[[3.0, 2.0], [-2.0, 1.0]]])
    x = np.array([[[1.0, 10.0], [2.0, 20.0]]])
    evaluate = summing(x)
    score(region_perturbation_morf, attributions, x, evaluate, patch=1)
    np.testing.assert_array_equal(evaluate.calls[1], [[[1, 0], [2, 0]]])


@both_directions
def test_each_step_zeroes_one_more_patch_in_all_leads(metric):
    world = World(n=3, leads=12, time=40)
    metric(world.attributions, world.x, world.target, world.evaluate, 0, False, patch=8)
    zeroed = [(rows == 0).all(axis=1).sum(axis=1).tolist() for rows in world.evaluate.calls]
    assert zeroed == [[0] * 3, [8] * 3, [16] * 3, [24] * 3]
    for rows in world.evaluate.calls:
        np.testing.assert_array_equal(rows[rows != 0], world.x[rows != 0])


def test_windows_need_as_many_steps_as_their_own_order_takes():
    # Patches of 4 and 1 samples of 5: 2.5 are reached by the long one alone, or by the short one and then the long one.
    x = np.ones((2, 1, 5))
    attributions = np.concatenate([row(1, 1, 1, 1, 0), row(0, 0, 0, 0, 1)])
    evaluate = summing(x)
    scores = score(region_perturbation_morf, attributions, x, evaluate, patch=4)
    first = (sigmoid(4) - sigmoid(0)) / 2
    second = ((sigmoid(4) - sigmoid(3)) + (sigmoid(4) - sigmoid(-1)) / 2) / 2
    np.testing.assert_allclose(scores, [first, second], atol=1e-15)
    np.testing.assert_array_equal([rows[0, 0].sum() for rows in evaluate.calls], [5, 1, 1])
    np.testing.assert_array_equal([rows[1, 0].sum() for rows in evaluate.calls], [5, 4, 0])


@st.composite
def problems(draw):
    shape = draw(st.tuples(st.integers(1, 3), st.sampled_from([1, 2, 12]), st.integers(1, 23)))
    steps = draw(arrays.arrays(np.int64, shape, elements=st.integers(-2, 2)))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    x, weights = rng.normal(size=shape), rng.normal(size=(3, *shape[1:]))
    return (steps / 4).astype(np.float32), x, rng.integers(0, 3, shape[0]), Linear(weights / np.sqrt(x[0].size))


@many
@given(problems(), st.sampled_from(list(BOTH)), st.booleans(), st.integers(1, 6), st.sampled_from([0.2, 0.5, 1.0]))
def test_equals_the_plain_loop(problem, most_relevant_first, multilabel, patch, zeroed):
    attributions, x, target, evaluate = problem
    scores = BOTH[most_relevant_first](attributions, x, target, evaluate, 5, multilabel, patch=patch, zeroed=zeroed)
    patches = -(-x.shape[2] // patch)
    for i, window in enumerate(x):
        draw = window_generator(5, window, "region_perturbation").permutation(patches)
        keys = (-draw).tolist()
        expected = oracles.region_perturbation(
            attributions[i], window, target[i], evaluate, multilabel, keys, most_relevant_first, patch, zeroed
        )
        assert scores[i] == pytest.approx(expected, abs=1e-12)


def order_of_zeroing(metric, attributions, x, **options):
    """Patches (single samples here) in the order in which the first window loses them."""
    evaluate = summing(x)
    score(metric, attributions, x, evaluate, patch=1, zeroed=1.0, **options)
    gone = [set(np.flatnonzero(rows[0, 0] == 0)) for rows in evaluate.calls]
    return [int((after - before).pop()) for before, after in pairwise(gone)]


ONES = np.ones((1, 1, 30))


def test_ties_are_in_random_order_that_the_seed_and_the_window_fix():
    def order(**changed):
        return order_of_zeroing(region_perturbation_morf, np.zeros_like(ONES), **{"x": ONES, "seed": 0} | changed)

    assert order() == order()
    assert sorted(order()) == list(range(30)) != order()
    assert order() != order(seed=1)
    assert order() != order(x=ONES * 2)


def test_order_of_ties_is_the_same_for_all_maps():
    # Samples 10 to 29 are tied in the second map; among them the order is that of the zero map.
    partly = np.where(np.arange(30) < 10, 1.0, 0.0)[None, None]
    among_all = order_of_zeroing(region_perturbation_morf, np.zeros_like(ONES), ONES)
    assert order_of_zeroing(region_perturbation_morf, partly, ONES)[10:] == [i for i in among_all if i >= 10]


@pytest.mark.parametrize("value", [0.0, 0.1])
def test_lerf_is_morf_backwards_even_where_all_is_tied(value):
    attributions = np.full_like(ONES, value)
    morf, lerf = (order_of_zeroing(metric, attributions, ONES) for metric in BOTH.values())
    assert lerf == morf[::-1]


@both_directions
def test_first_breaks_ties_from_left_to_right_in_either_direction(metric):
    assert order_of_zeroing(metric, np.zeros_like(ONES), ONES, ties="first") == list(range(30))


def test_patches_set_the_number_of_steps():
    evaluate = summing()
    score(region_perturbation_morf, WINDOW, WINDOW, evaluate, patch=1, patches=4)
    assert len(evaluate.calls) == 1 + 4


def test_there_are_no_more_steps_than_patches():
    evaluate = summing()
    score(region_perturbation_morf, WINDOW, WINDOW, evaluate, patch=1, patches=100)
    assert len(evaluate.calls) == 1 + 6


def test_centred_grid_shortens_the_first_and_the_last_patch():
    # 7 samples in patches of 4: one is missing, at the end; 6 samples: one is missing at either end.
    starts = {}
    for time in (6, 7, 8):
        x = np.ones((1, 1, time))
        evaluate = summing(x)
        score(region_perturbation_morf, -np.arange(time, dtype=float)[None, None], x, evaluate, patch=4, grid="centred")
        starts[time] = int((evaluate.calls[1] == 0).sum())
    assert starts == {6: 3, 7: 4, 8: 4}


def test_windows_that_lose_nothing_score_zero():
    evaluate = Linear(np.zeros((2, 1, 6)))
    assert score(region_perturbation_morf, WINDOW, WINDOW, evaluate, multilabel=False, patch=2)[0] == 0.0


@pytest.mark.parametrize(
    "options", [{"patch": 0}, {"zeroed": 1.5}, {"zeroed": -0.1}, {"patches": 0}, {"ties": "share"}, {"grid": "sliding"}]
)
def test_options_out_of_range_are_refused(options):
    with pytest.raises(InputError, match=f"expected {next(iter(options))} "):
        score(region_perturbation_morf, WINDOW, WINDOW, summing(), **options)


@pytest.mark.parametrize("target", [-1, 1])
def test_targets_that_are_no_output_are_refused(target):
    with pytest.raises(InputError, match="expected targets from 0 to 0"):
        score(region_perturbation_morf, WINDOW, WINDOW, summing(), target=target)


def test_logits_that_are_not_finite_are_refused():
    with pytest.raises(InputError, match="expected finite logits"):
        score(region_perturbation_morf, WINDOW, WINDOW, lambda rows: np.full((len(rows), 1), np.nan))
