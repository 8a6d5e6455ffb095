"""Shares of the attribution by the part of the ECG."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import ecgbench
from ecgbench.errors import InputError
from ecgbench.metrics.core_share import core_share
from ecgbench.metrics.elsewhere_share import elsewhere_share
from ecgbench.metrics.rhythm_share import rhythm_share

from .cases import many, row

SHARES = (elsewhere_share, core_share, rhythm_share)
"""In the order of the regions' numbers."""


def regions(text):
    """One window of one lead, a digit a sample."""
    return np.array([[[int(digit) for digit in text]]], dtype=np.uint8)


@pytest.mark.parametrize(("share", "score"), [(core_share, 5 / 10), (rhythm_share, 4 / 10), (elsewhere_share, 1 / 10)])
def test_hand_computed_of_absolute_values(share, score):
    assert share(row(-1, 3, -5, 1), regions("0212")) == pytest.approx(score, rel=1e-15)


@st.composite
def maps_and_regions(draw):
    shape = (draw(st.integers(1, 3)), draw(st.integers(1, 2)), draw(st.integers(1, 6)))
    steps = draw(arrays.arrays(np.int64, shape, elements=st.integers(-3, 3)))
    return steps, draw(arrays.arrays(np.uint8, shape, elements=st.integers(0, 2)))


@pytest.mark.parametrize("scale", [1.0, 1e-300, 1e300])
@many
@given(maps_and_regions())
def test_equals_the_plain_loop_and_sums_to_one(scale, case):
    steps, where = case
    found = [share(steps * scale, where) for share in SHARES]
    for i, (values, regions_of_window) in enumerate(
        zip(steps.reshape(len(steps), -1).tolist(), where.reshape(len(where), -1).tolist(), strict=True)
    ):
        total, held = sum(map(abs, values)), 1 in regions_of_window
        for region in range(3):
            inside = sum(abs(value) for value, one in zip(values, regions_of_window, strict=True) if one == region)
            np.testing.assert_allclose(found[region][i], inside / total if total and held else np.nan, rtol=1e-12)
    defined = ~np.isnan(found[0])
    np.testing.assert_allclose(np.sum(found, axis=0)[defined], 1, rtol=1e-12)


def test_map_of_zeros_and_window_without_a_beat_are_undefined():
    assert np.isnan(core_share(row(0, 0), regions("10")))
    assert np.isnan(elsewhere_share(row(1, 1), regions("00")))


def test_regions_are_an_argument_of_score():
    where = regions("0110")
    assert ecgbench.score("core_share", row(1, 1, 1, 1), regions=where) == 0.5
    with pytest.raises(InputError, match="expected regions for core_share, got none"):
        ecgbench.score("core_share", row(1, 1, 1, 1))
    with pytest.raises(InputError, match="expected regions 0, 1 and 2, got 3"):
        ecgbench.score("core_share", row(1, 1, 1, 1), regions=where + np.uint8(2))
    with pytest.raises(InputError, match="expected regions of uint8"):
        ecgbench.score("core_share", row(1, 1, 1, 1), regions=where.astype(bool))
