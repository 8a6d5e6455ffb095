import numpy as np
import pytest
from hypothesis import given

from ecgbench.errors import InputError
from ecgbench.metrics import METRICS
from ecgbench.metrics.relevance_rank_accuracy import relevance_rank_accuracy

from . import oracles
from .cases import many, maps_and_masks, mask, row


def test_hand_computed():
    # The mask has 3 values; the three highest are 9, 8 and 7, of which 9 and 7 lie in it.
    assert relevance_rank_accuracy(row(9, 8, 7, -99, 1), mask("10110")) == 2 / 3


def test_ties_at_the_border_count_by_the_places_left():
    # S = 3: the 9 takes one place; two are left for the three 5s, of which one lies in the mask: (1 + 1 * 2 / 3) / 3.
    assert relevance_rank_accuracy(row(9, 5, 5, 5, 0), mask("11001")) == pytest.approx((1 + 2 / 3) / 3, rel=1e-15)


@many
@given(maps_and_masks())
def test_equals_the_mean_over_all_orders_of_the_ties(case):
    np.testing.assert_allclose(relevance_rank_accuracy(*case), oracles.per_window(oracles.relevance_rank_accuracy, *case), rtol=1e-12)


@many
@given(maps_and_masks())
def test_first_takes_the_earlier_of_tied_values(case):
    def oracle(values, inside):
        return oracles.first_hits(values, inside, sum(inside)) / sum(inside) if any(inside) else oracles.NAN

    np.testing.assert_array_equal(relevance_rank_accuracy(*case, ties="first", full_mask=1.0), oracles.per_window(oracle, *case))


def test_first_is_stable_on_long_maps():
    rng = np.random.default_rng(0)
    attributions, inside = rng.integers(0, 3, (1, 2, 500)).astype(np.float32), rng.random((1, 2, 500)) < 0.2
    values, within = attributions.ravel().tolist(), inside.ravel().tolist()
    expected = oracles.first_hits(values, within, sum(within)) / sum(within)
    assert relevance_rank_accuracy(attributions, inside, ties="first")[0] == expected


def test_constant_map_scores_the_masks_share_wherever_the_mask_is():
    scores = [relevance_rank_accuracy(row(2, 2, 2, 2), mask(text)) for text in ("1100", "0011")]
    assert scores == [0.5, 0.5]


@pytest.mark.parametrize("text", ["0000", "1111"])
def test_empty_and_full_masks_are_undefined(text):
    assert np.isnan(relevance_rank_accuracy(row(1, 2, 3, 4), mask(text)))


def test_unknown_tie_rule_is_refused():
    with pytest.raises(InputError, match='expected ties in expected, first, got "share"'):
        relevance_rank_accuracy(row(1, 2), mask("01"), ties="share")


def test_chance_is_the_masks_share():
    masks = np.concatenate([mask("0100"), mask("0000"), mask("1111")])
    np.testing.assert_array_equal(METRICS["relevance_rank_accuracy"].chance(masks), [0.25, np.nan, np.nan])
