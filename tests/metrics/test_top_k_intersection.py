import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecgbench.errors import InputError
from ecgbench.metrics import METRICS
from ecgbench.metrics.top_k_intersection import top_k_intersection

from . import oracles
from .cases import many, maps_and_masks, mask, row


def test_hand_computed():
    # The four highest are 9, 8, 7, 6; two of them lie in the mask of three: 2 / min(4, 3).
    assert top_k_intersection(row(9, 8, 7, 6, 5, 4), mask("011001"), k=4) == 2 / 3


def test_perfect_map_scores_one_on_a_mask_smaller_than_k():
    assert top_k_intersection(row(9, 8, 0, 0, 0), mask("11000"), k=4) == 1.0


def test_denominator_k_divides_by_k():
    assert top_k_intersection(row(9, 8, 3, 2, 1), mask("11000"), k=4, denominator="k") == 2 / 4


def test_ties_at_the_border_count_by_the_places_left():
    # k = 2: the 9 takes a place, one is left for the four 5s, of which three lie in the mask: (0 + 3 / 4) / 2.
    assert top_k_intersection(row(5, 9, 5, 5, 5), mask("10110"), k=2) == (3 / 4) / 2


@many
@given(maps_and_masks(), st.floats(0.01, 1.0))
def test_equals_the_mean_over_all_orders_of_the_ties(case, share):
    k = max(1, math.ceil(share * case[0][0].size - 1e-9))
    expected = oracles.per_window(oracles.top_k_intersection, *case, k)
    np.testing.assert_allclose(top_k_intersection(*case, share=share), expected, rtol=1e-12)


@pytest.mark.parametrize(("size", "k"), [(1, 1), (20, 1), (21, 2), (2880, 144)])
def test_k_is_one_twentieth_of_the_window_rounded_up(size, k):
    attributions, inside = -np.arange(size, dtype=float).reshape(1, 1, size), np.arange(size).reshape(1, 1, size) < k
    assert top_k_intersection(attributions, inside, full_mask=1.0) == 1.0
    beyond = np.arange(size).reshape(1, 1, size) == k
    assert size == 1 or top_k_intersection(attributions, beyond) == 0.0


def test_rounding_of_the_share_does_not_add_a_place():
    # 0.07 * 100 is 7.000000000000001 in float64.
    attributions = -np.arange(100, dtype=float).reshape(1, 1, 100)
    assert top_k_intersection(attributions, np.arange(100).reshape(1, 1, 100) == 7, share=0.07) == 0.0


def test_constant_map_scores_chance_wherever_the_mask_is():
    inside = np.concatenate([mask("110000"), mask("000011")])
    scores = top_k_intersection(np.full(inside.shape, -2.0), inside, k=3)
    assert scores.tolist() == [3 * 2 / 6 / 2] * 2


@pytest.mark.parametrize("text", ["0000", "1111"])
def test_empty_and_full_masks_are_undefined(text):
    assert np.isnan(top_k_intersection(row(1, 2, 3, 4), mask(text)))


@pytest.mark.parametrize("options", [{"k": 0}, {"k": 5}, {"share": 1.5}, {"denominator": "min"}, {"ties": "random"}])
def test_options_out_of_range_are_refused(options):
    with pytest.raises(InputError, match=f"expected {next(iter(options))} "):
        top_k_intersection(row(1, 2, 3, 4), mask("0110"), **options)


def test_chance_is_that_of_the_formula():
    # T = 40, k = 2: 2 * 1 / (40 * 1), 2 * 5 / (40 * 2).
    masks = np.concatenate([mask("1" + "0" * 39), mask("1" * 5 + "0" * 35), mask("0" * 40), mask("1" * 40)])
    np.testing.assert_allclose(METRICS["top_k_intersection"].chance(masks), [2 / 40, 10 / 80, np.nan, np.nan], rtol=1e-15)
