import numpy as np
import pytest
from hypothesis import given

from ecgbench.errors import InputError
from ecgbench.metrics import METRICS
from ecgbench.metrics.pointing_game import pointing_game
from ecgbench.metrics.pointing_game_tolerance import pointing_game_tolerance

from .cases import many, maps_and_masks, mask, row

FS = 40.0
"""Hz at which the tolerance is two samples."""


def widened(inside, reach):
    """The mask by the plain loop: a sample is in it that has one of the mask's at most `reach` samples away in its lead."""
    wide = np.zeros_like(inside)
    for window, lead, sample in np.argwhere(inside):
        wide[window, lead, max(sample - reach, 0) : sample + reach + 1] = True
    return wide


@pytest.mark.parametrize(("text", "score"), [("0010000", 1.0), ("0001000", 0.0), ("1000000", 1.0)])
def test_maximum_within_the_tolerance_hits(text, score):
    assert pointing_game_tolerance(row(9, 1, 0, 0, 0, 0, 0), mask(text), FS) == score


@many
@given(maps_and_masks())
def test_equals_the_pointing_game_on_widened_masks(case):
    maps, inside = case
    expected = pointing_game(maps, widened(inside, 2))
    np.testing.assert_array_equal(pointing_game_tolerance(maps, inside, FS), expected)


@many
@given(maps_and_masks())
def test_without_tolerance_is_the_pointing_game(case):
    np.testing.assert_array_equal(pointing_game_tolerance(*case, FS, tolerance=0.0), pointing_game(*case))


def test_tolerance_stays_within_a_lead():
    maps = np.array([[[0.0, 9.0, 0.0], [0.0, 0.0, 0.0]]])
    inside = np.array([[[False] * 3, [False, True, False]]])
    assert pointing_game_tolerance(maps, inside, FS) == 0


def test_empty_mask_is_undefined():
    assert np.isnan(pointing_game_tolerance(row(1, 2), mask("00"), FS))


def test_negative_tolerance_is_refused():
    with pytest.raises(InputError, match=r"expected tolerance from 0.0 to inf, got -0.1"):
        pointing_game_tolerance(row(1, 2), mask("01"), FS, tolerance=-0.1)


def test_chance_is_the_share_of_the_widened_mask():
    masks = np.concatenate([mask("0000000001"), mask("0000000000")])
    np.testing.assert_array_equal(METRICS["pointing_game_tolerance"].chance_of(masks, FS), [0.3, np.nan])


def test_metric_without_chance_has_none():
    assert METRICS["twin_agreement"].chance_of(mask("01"), FS) is None
