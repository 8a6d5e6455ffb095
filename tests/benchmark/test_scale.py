"""The model of cost against recorded times, and against what the store holds."""

import pytest

from benchmark.validation.scale import PARTS, predicted

WITHIN = 0.3


@pytest.mark.parametrize("name", ["mitdb", "svdb", "ludb", "synthetic"])
def test_seconds_of_maps_are_within_30_percent_of_those_recorded(name):
    part = next(part for part in PARTS if part.name == name)
    model, taken = predicted(part)
    assert model == pytest.approx(taken, rel=WITHIN)
