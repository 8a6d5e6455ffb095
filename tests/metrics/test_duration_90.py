import math

import numpy as np
from hypothesis import given

from ecgbench.metrics import METRICS
from ecgbench.metrics.duration_90 import duration_90

from .cases import many, maps_and_masks, row


def plain(values, fs):
    """Moments of a map (leads, time) that are taken, largest first, until nine tenths are held."""
    moments = sorted((math.fsum(map(abs, moment)) for moment in zip(*values, strict=True)), reverse=True)
    total, held = math.fsum(moments), 0.0
    for count, moment in enumerate(moments, 1):
        held += moment
        if held >= 0.9 * total * (1 - 1e-9):
            return count / fs if total else math.nan
    raise AssertionError


def test_hand_computed():
    # 6 + 3 of 10 are nine tenths: 2 samples at 4 Hz.
    assert duration_90(row(0, -3, 1, 6), 4.0) == 0.5


@many
@given(maps_and_masks())
def test_equals_the_plain_loop(case):
    maps = case[0].astype(np.float64)
    np.testing.assert_allclose(duration_90(maps, 50.0), [plain(values, 50.0) for values in maps.tolist()], rtol=1e-9)


def test_even_map_needs_nine_tenths_and_a_single_sample_itself():
    assert duration_90(np.full((1, 2, 100), -0.3), 50.0) == 1.8
    assert duration_90(np.where(np.arange(100) == 7, 1.0, 0.0) * np.ones((1, 2, 1)), 50.0) == 1 / 50


def test_map_of_zeros_is_undefined():
    assert np.isnan(duration_90(np.zeros((1, 2, 5)), 50.0)).all()


def test_scale_does_not_matter_however_huge():
    maps = np.random.default_rng(0).normal(size=(3, 2, 40))
    np.testing.assert_array_equal(duration_90(maps * 1e300, 10.0), duration_90(maps, 10.0))


def test_complexity_is_shown_and_never_ranked_as_its_family_says():
    for key in ("gini", "duration_90"):
        assert not METRICS[key].ranked
        assert METRICS[key].aside == METRICS[key].question.aside != ""
