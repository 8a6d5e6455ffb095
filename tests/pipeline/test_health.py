"""Signs that a method's maps are broken."""

import numpy as np
import pytest

from ecgbench.pipeline import illness
from ecgbench.pipeline._health import map_health

ONES = np.ones(4)


def maps(*rows):
    return np.array(rows, dtype=np.float64)[:, None]


def test_zeros_are_the_share_of_values_that_are_exactly_zero():
    assert map_health(maps([0, 1, 0, 2], [1e-30, 3, -0.0, 4]), np.ones(2), np.zeros(2), False) == {"zeros": 3 / 8, "flat": 0}


def test_flat_maps_are_constant_whatever_their_value():
    health = map_health(maps([0, 0], [5, 5], [-1, 1], [5, 5 + 1e-9]), ONES, ONES, False)
    assert health == {"zeros": 2 / 8, "flat": 2 / 4}


def test_a_map_that_is_constant_on_each_lead_is_not_flat():
    assert map_health(np.array([[[1.0, 1.0], [2.0, 2.0]]]), np.ones(1), np.ones(1), False)["flat"] == 0


def test_completeness_is_measured_of_complete_methods_only():
    assert "completeness_error" not in map_health(maps([1, 2]), np.ones(1), np.zeros(1), False)


def test_completeness_error_is_the_median_share_of_the_difference_that_is_missed():
    # sums 3, 8 and -4 of differences 4, 8 and -2: errors 1/4, 0 and 1
    health = map_health(maps([1, 2], [4, 4], [-1, -3]), np.array([5.0, 8.0, 1.0]), np.array([1.0, 0.0, 3.0]), True)
    assert health["completeness_error"] == 1 / 4


def test_completeness_error_of_a_small_difference_is_absolute():
    assert map_health(maps([1, 1]), np.array([0.5]), np.array([0.0]), True)["completeness_error"] == 1.5


def test_exact_maps_have_no_completeness_error():
    x = np.random.default_rng(0).normal(size=(5, 2, 30))
    assert map_health(x, x.sum(axis=(1, 2)), np.zeros(5), True)["completeness_error"] < 1e-12


def test_sums_do_not_suffer_from_float32():
    large = np.full((1, 1, 3), 1.0, dtype=np.float32)
    large[0, 0, 0] = 2**25
    assert map_health(large, np.array([2.0**25 + 2]), np.zeros(1), True)["completeness_error"] == 0


@pytest.mark.parametrize(("flat", "ill"), [(0.0, False), (0.5, False), (0.51, True), (1.0, True)])
def test_a_method_is_ill_when_more_than_half_of_its_maps_are_constant(flat, ill):
    assert bool(illness({"zeros": 0.9, "flat": flat})) == ill


def test_illness_says_what_was_expected_and_what_came():
    assert illness({"zeros": 0, "flat": 0.75}) == "expected at most 50% constant maps, got 75%"
