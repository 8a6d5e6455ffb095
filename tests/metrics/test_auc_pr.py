from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from sklearn.metrics import average_precision_score

from ecgbench.metrics import METRICS
from ecgbench.metrics.auc_pr import auc_pr

from . import oracles
from .cases import many, maps_and_masks, mask, row


def test_hand_computed():
    # Inside are the first and the fourth of the order: 1 of 1 and 2 of 4.
    assert auc_pr(row(4, 3, 2, 1), mask("1001")) == (1 + 2 / 4) / 2


def test_tied_values_enter_together():
    # Three are as high as the first one inside, and two of them are inside; the other is the lowest of four, of which three are inside.
    assert auc_pr(row(2, 2, 2, 1), mask("1101")) == (2 / 3 + 2 / 3 + 3 / 4) / 3


@many
@given(maps_and_masks())
def test_equals_the_plain_loop(case):
    np.testing.assert_allclose(auc_pr(*case), oracles.per_window(oracles.average_precision, *case), rtol=1e-12)


@many
@given(maps_and_masks())
def test_equals_scikit_learn_with_many_ties(case):
    maps, inside = case
    for one, hit, found in zip(maps, inside, auc_pr(*case), strict=True):
        if hit.any() and not hit.all():
            assert found == pytest.approx(average_precision_score(hit.ravel(), one.ravel()), rel=1e-12)
        else:
            assert np.isnan(found)


def test_constant_map_scores_the_masks_share():
    assert auc_pr(row(-3, -3, -3, -3, -3), mask("00100")) == 1 / 5


def test_right_map_scores_one():
    assert auc_pr(row(0, 2, 1, -5), mask("0110")) == 1


@pytest.mark.parametrize("text", ["000", "111"])
def test_empty_and_full_masks_are_undefined(text):
    assert np.isnan(auc_pr(row(1, 2, 3), mask(text)))


def test_neighbouring_floats_are_no_tie():
    assert auc_pr(row(1.0, np.nextafter(1.0, 2.0)), mask("01")) == 1.0


@pytest.mark.parametrize("text", ["1000", "0110", "110100"])
def test_chance_is_the_mean_over_all_orders(text):
    orders = [row(*order) for order in permutations(range(len(text)))]
    scores = auc_pr(np.concatenate(orders), np.repeat(mask(text), len(orders), axis=0))
    assert METRICS["auc_pr"].chance(mask(text))[0] == pytest.approx(scores.mean(), rel=1e-12)


def test_chance_of_a_long_window_is_near_the_masks_share():
    inside = np.arange(1024)[None, None] < 170
    assert 0 < METRICS["auc_pr"].chance(inside)[0] - 170 / 1024 < 0.007
