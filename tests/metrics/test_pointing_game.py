import numpy as np
import pytest
from hypothesis import given

from ecgbench.errors import InputError
from ecgbench.metrics import METRICS
from ecgbench.metrics.pointing_game import pointing_game

from . import oracles
from .cases import many, maps_and_masks, mask, row


@pytest.mark.parametrize(("text", "score"), [("0100", 1.0), ("1011", 0.0)])
def test_unique_maximum_hits_or_misses(text, score):
    assert pointing_game(row(1, 9, 3, -20), mask(text)) == score


def test_tied_maxima_score_the_share_in_the_mask():
    assert pointing_game(row(5, 5, 1, 5), mask("1010")) == 1 / 3


@many
@given(maps_and_masks())
def test_equals_the_plain_loop(case):
    np.testing.assert_array_equal(pointing_game(*case), oracles.per_window(oracles.pointing_game, *case))


def test_constant_map_scores_the_masks_share():
    assert pointing_game(row(-2, -2, -2, -2), mask("0001")) == 1 / 4


def test_empty_mask_is_undefined():
    assert np.isnan(pointing_game(row(1, 2), mask("00")))


def test_full_mask_scores_one():
    assert pointing_game(row(1, 2), mask("11")) == 1.0


def test_any_tied_maximum_hits_if_asked():
    assert pointing_game(row(5, 5, 1, 5), mask("1010"), ties="any") == 1.0
    assert pointing_game(row(5, 5, 1, 5), mask("0010"), ties="any") == 0.0


def test_empty_mask_scores_what_is_asked():
    assert pointing_game(row(1, 2), mask("00"), empty_mask=1.0) == 1.0


def test_unknown_tie_rule_is_refused():
    with pytest.raises(InputError, match='expected ties in any, share, got "first"'):
        pointing_game(row(1, 2), mask("01"), ties="first")


def test_chance_is_the_masks_share():
    np.testing.assert_array_equal(METRICS["pointing_game"].chance(np.concatenate([mask("0100"), mask("0000")])), [0.25, np.nan])
