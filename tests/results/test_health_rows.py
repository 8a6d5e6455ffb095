"""Rows of health, as pages and terminal show them."""

import numpy as np

from ecgbench.results import health_rows, sketch

MAPS = np.random.default_rng(0).normal(size=(8, 1, 50))


def rows(measured, sketches=None):
    """Text by method and heading."""
    headings, found = health_rows(measured, sketches or {}, str)
    return {row[0]: dict(zip(headings[1:], row[1:], strict=True)) for row in found}


def test_numbers_are_means_over_the_seeds_that_have_one():
    measured = {"lime": {"1": {"zeros": 0.1, "seed_agreement": 0.5}, "2": {"zeros": 0.3}}}
    assert rows(measured) == {"lime": {"zeros": "0.200", "seed agreement": "0.500", "near duplicate of": "-"}}


def test_what_does_not_apply_is_a_dash_and_what_nobody_has_is_no_column():
    found = rows({"lrp": {"1": {"zeros": 0.0, "sum_error": 1e-12}}, "lime": {"1": {"zeros": 0.0}}})
    assert list(found) == ["lime", "lrp"]
    assert [found[method]["sum error"] for method in found] == ["-", "1e-12"]
    assert "flat" not in found["lrp"]


def test_columns_stand_in_one_order_with_a_methods_own_measures_behind():
    every = ["seconds_a_window", "undetermined", "class_agreement", "flat", "nonfinite", "own_one", "seed_agreement", "sum_error", "zeros"]
    headings, _ = health_rows({"lime": {"1": dict.fromkeys(every, 0.5)}}, {}, str)
    first = ["method", "sum error", "zeros", "flat", "non-finite", "seed agreement", "class agreement"]
    assert headings == [*first, "own one", "undetermined", "near duplicate of", "s / window"]


def test_near_duplicates_are_named_as_methods_are():
    sketches = {method: {"1": sketch(maps)} for method, maps in (("a", MAPS), ("b", MAPS * 2), ("c", -MAPS))}
    headings, found = health_rows({method: {"1": {"zeros": 0.0}} for method in "abc"}, sketches, lambda method: f"`{method}`")
    column = headings.index("near duplicate of")
    assert {row[0]: row[column] for row in found} == {"`a`": "`b`", "`b`": "`a`", "`c`": "-"}


def test_what_is_no_number_is_left_out():
    assert rows({"lime": {"1": {"zeros": None, "flat": 0.25}, "2": {"zeros": 0.5, "flat": 0.75}}})["lime"]["zeros"] == "0.500"
