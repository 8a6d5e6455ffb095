import numpy as np
from hypothesis import given

from ecgbench.metrics.attribution_localization import attribution_localization
from ecgbench.metrics.relevance_mass_accuracy import relevance_mass_accuracy

from .cases import many, maps_and_masks, mask, row


def test_hand_computed():
    assert relevance_mass_accuracy(row(2, 6, -9, 4), mask("1011")) == 6 / 12


@many
@given(maps_and_masks())
def test_is_attribution_localization_to_the_bit(case):
    np.testing.assert_array_equal(relevance_mass_accuracy(*case), attribution_localization(*case))
