"""Signs that a method's maps are broken."""

import json

import numpy as np
import pytest

from ecgbench.methods import METHODS
from ecgbench.pipeline import health_tables, source_named
from ecgbench.pipeline.compute.sources.health import illness, map_health
from ecgbench.protocol import OURS, STUDY
from ecgbench.results import sketch

WELL = {"zeros": 0.0, "flat": 0.0, "nonfinite": 0.0}


def maps(*rows):
    return np.array(rows, dtype=np.float64)[:, None]


def test_zeros_are_the_share_of_values_that_are_exactly_zero():
    assert map_health(maps([0, 1, 0, 2], [1e-30, 3, -0.0, 4]), {}) == {"zeros": 3 / 8, "flat": 0, "nonfinite": 0}


def test_flat_maps_are_constant_over_all_leads_whatever_their_value():
    assert map_health(maps([0, 0], [5, 5], [-1, 1], [5, 5 + 1e-9]), {}) == {"zeros": 2 / 8, "flat": 2 / 4, "nonfinite": 0}
    assert map_health(np.array([[[1.0, 1.0], [2.0, 2.0]]]), {})["flat"] == 0


def test_nonfinite_is_the_share_of_maps_with_a_broken_value_or_total():
    found = map_health(maps([1, np.nan], [np.inf, -np.inf], [1, 2], [3, 4]), {"total": np.array([1, 1, np.nan, 7.0])})
    assert found["nonfinite"] == 3 / 4
    assert found["sum_error"] == 0


def test_health_is_json_even_if_nothing_is_finite():
    found = map_health(maps([np.nan, np.nan]), {"total": np.array([1.0]), "undetermined": np.array([np.nan])})
    assert json.loads(json.dumps(found, allow_nan=False)) == {"zeros": 0.0, "flat": 0.0, "nonfinite": 1.0}


def test_sum_error_is_the_median_share_of_the_total_that_is_missed_or_the_difference_of_small_ones():
    # sums 3, 8 and -4 of totals 4, 8 and -2: errors 1/4, 0 and 1
    assert map_health(maps([1, 2], [4, 4], [-1, -3]), {"total": np.array([4.0, 8.0, -2.0])})["sum_error"] == 1 / 4
    assert map_health(maps([1, 1]), {"total": np.array([0.5])})["sum_error"] == 1.5
    assert "sum_error" not in map_health(maps([1, 2]), {"undetermined": np.zeros(1)})


def test_sums_do_not_suffer_from_float32():
    large = np.full((1, 1, 3), 1.0, dtype=np.float32)
    large[0, 0, 0] = 2**25
    assert map_health(large, {"total": np.array([2.0**25 + 2])})["sum_error"] == 0


def test_methods_own_measures_are_averaged_under_their_names():
    found = map_health(maps([1, 2], [3, 4]), {"undetermined": np.array([0.25, 0.75])})
    assert found["undetermined"] == 0.5


@pytest.mark.parametrize(
    ("measured", "within", "ill"),
    [
        ({"flat": 0.5, "zeros": 0.9}, None, False),
        ({"flat": 0.51}, None, True),
        ({"sum_error": 0.1}, 0.1, False),
        ({"sum_error": 0.11}, 0.1, True),
        ({"sum_error": 9.0}, None, False),
        ({}, 0.1, True),
        ({"undetermined": 0.4, "class_agreement": 1.0}, None, False),
    ],
)
def test_maps_are_ill_where_most_are_constant_or_they_miss_the_promised_total(measured, within, ill):
    assert bool(illness(WELL | measured, within)) == ill


def test_illness_says_what_was_expected_and_what_came():
    said = illness({"zeros": 0.0, "flat": 0.75, "nonfinite": 1 / 64, "sum_error": 0.25}, 0.001).split("; ")
    assert said == [
        "expected finite maps, got non-finite values in 1.56% of them",
        "expected at most 50% constant maps, got 75%",
        "expected maps that sum to their total within 0.001, got an error of 0.25",
    ]


def test_a_promised_total_is_missed_unless_the_map_is_the_studys():
    found = map_health(np.random.default_rng(0).normal(size=(4, 2, 30)), {})
    for entry in METHODS:
        source = source_named(entry.key)
        assert ("got no total with them" in source.illness(found, OURS)) == (entry.sum_within is not None)
        assert source.illness(found, STUDY) == "" or not entry.study


# The table


def record(source, values, seed=1, dataset="mitdb", model="resnet18_7", **measures):
    of = {"dataset": dataset, "model": model, "source": source, "seed": seed}
    return {"maps": of, "measures": measures, "sketch": sketch(values).tolist()}


def test_each_model_has_a_table_with_a_row_a_method_that_names_near_duplicates_of_the_run():
    values, others = np.random.default_rng(0).normal(size=(2, 6, 1, 40))
    found = [record("lrp_epsilon", values, zeros=0.25), record("lime", others, zeros=0.5), record("lime", others, seed=2, zeros=0.0)]
    found += [record("input_gradient", 2 * values + 1, zeros=0.0), record("saliency", values, model="resnet50", zeros=0.0)]
    first, second = (table.splitlines() for table in health_tables(found))
    rows = [line.split() for line in first[[line.startswith("---") for line in first].index(True) + 1 :]]
    assert rows == [["input_gradient", "0.000", "lrp_epsilon"], ["lime", "0.250", "-"], ["lrp_epsilon", "0.250", "input_gradient"]]
    assert second[-1].split() == ["saliency", "0.000", "-"]
    assert [lines[1].split()[0] for lines in (first, second)] == ["resnet18_7", "resnet50"]
