import numpy as np
import pytest
from hypothesis import given

from ecgbench.errors import InputError
from ecgbench.metrics.attribution_localization import attribution_localization

from . import oracles
from .cases import many, maps_and_masks, mask, row


def test_hand_computed():
    # Positive mass 1 + 3 + 4 = 8, of which 3 lies in the mask; the -5 in it doesn't count.
    assert attribution_localization(row(1, -5, 3, 4), mask("0110")) == 3 / 8


def test_all_leads_count_together():
    attributions = np.array([[[1.0, 2.0], [3.0, 4.0]]])
    assert attribution_localization(attributions, np.array([[[True, False], [False, True]]])) == 5 / 10


@many
@given(maps_and_masks())
def test_equals_the_plain_loop(case):
    np.testing.assert_allclose(attribution_localization(*case), oracles.per_window(oracles.positive_mass_share, *case), rtol=1e-12)


@pytest.mark.parametrize("value", [0.0, -0.0, -2.0])
def test_map_without_a_positive_value_is_undefined(value):
    assert np.isnan(attribution_localization(row(*[value] * 4), mask("0110")))


def test_constant_positive_map_scores_the_masks_share():
    assert attribution_localization(row(3, 3, 3, 3), mask("0010")) == 1 / 4


def test_empty_mask_is_undefined():
    assert np.isnan(attribution_localization(row(1, 2, 3), mask("000")))


def test_full_mask_scores_exactly_one():
    attributions = np.random.default_rng(0).normal(size=(1, 3, 333)).astype(np.float32)
    assert attribution_localization(attributions, np.ones(attributions.shape, dtype=bool)) == 1.0


def test_stabiliser_is_added_to_the_denominator():
    assert attribution_localization(row(1, 3), mask("01"), stabiliser=4.0) == 3 / 8


def test_stabiliser_gives_a_zero_map_zero():
    assert attribution_localization(row(0, 0), mask("01"), stabiliser=1e-9) == 0.0


def test_negative_stabiliser_is_refused():
    with pytest.raises(InputError, match="stabiliser"):
        attribution_localization(row(1, 3), mask("01"), stabiliser=-1.0)
