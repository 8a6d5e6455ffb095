import numpy as np
import pytest
from hypothesis import given

from ecgbench.metrics import METRICS
from ecgbench.metrics.auc import auc

from . import oracles
from .cases import many, maps_and_masks, mask, row


def test_hand_computed():
    # Inside 4 and 1, outside 3 and 2: 4 beats both, 1 beats none.
    assert auc(row(4, 3, 2, 1), mask("1001")) == 2 / 4


def test_ties_count_half():
    # Inside 2 and 1, outside 2 and 0: a half, 1, 0, 1.
    assert auc(row(2, 2, 1, 0), mask("1010")) == 2.5 / 4


@many
@given(maps_and_masks())
def test_equals_the_comparison_of_all_pairs(case):
    np.testing.assert_allclose(auc(*case), oracles.per_window(oracles.auc, *case), rtol=1e-12)


def test_constant_map_scores_one_half():
    assert auc(row(-3, -3, -3, -3, -3), mask("00100")) == 0.5


@pytest.mark.parametrize("text", ["000", "111"])
def test_empty_and_full_masks_are_undefined(text):
    assert np.isnan(auc(row(1, 2, 3), mask(text)))


def test_negative_maps_are_ranked_like_any():
    assert auc(row(-1, -2, -3), mask("100")) == 1.0


def test_neighbouring_floats_are_no_tie():
    assert auc(row(1.0, np.nextafter(1.0, 2.0)), mask("01")) == 1.0


def test_zero_and_negative_zero_are_a_tie():
    assert auc(row(0.0, -0.0), mask("01")) == 0.5


def test_chance_is_one_half():
    masks = np.concatenate([mask("010"), mask("000"), mask("111")])
    np.testing.assert_array_equal(METRICS["auc"].chance(masks), [0.5, np.nan, np.nan])
