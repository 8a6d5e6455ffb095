"""The table of scores that ends a run."""

import math

import pytest

from ecgbench.metrics import METRICS
from ecgbench.pipeline import Cell, score_table

HIGHER = [entry.key for entry in METRICS if entry.higher_is_better]
LOWER = [entry.key for entry in METRICS if not entry.higher_is_better]


def cell(method, metric="auc", variant="raw", seed=1, dataset="mitdb"):
    return Cell(dataset, method, variant, metric, seed)


def rows(means, dataset="mitdb"):
    """The values of each row, as shown, of a table with one metric."""
    lines = score_table(dataset, means).splitlines()
    body = lines[[line.startswith("---") for line in lines].index(True) + 1 :]
    return {line.split()[0]: line.split()[1:] for line in body}


@pytest.mark.parametrize("metric", HIGHER)
def test_highest_is_the_best_where_higher_is_better(metric):
    assert rows({cell("saliency", metric): 0.1, cell("gradcam", metric): 0.9}) == {"saliency": ["0.100"], "gradcam": ["0.900*"]}


@pytest.mark.parametrize("metric", LOWER)
def test_lowest_is_the_best_where_lower_is_better(metric):
    assert rows({cell("saliency", metric): 0.1, cell("gradcam", metric): 0.9}) == {"saliency": ["0.100*"], "gradcam": ["0.900"]}


def test_there_are_metrics_of_either_direction():
    assert HIGHER
    assert LOWER


def test_direction_stands_in_the_heading():
    for metric, sign in (("auc", "+"), (LOWER[0], "-")):
        heading = score_table("mitdb", {cell("saliency", metric): 0.5}).partition("---")[0]
        assert heading.split()[-1] == sign


def test_undefined_is_a_dash_and_never_the_best():
    assert rows({cell("saliency"): math.nan, cell("gradcam"): 0.2}) == {"saliency": ["-"], "gradcam": ["0.200*"]}


def test_all_undefined_has_no_best():
    assert rows({cell("saliency"): math.nan}) == {"saliency": ["-"]}


def test_equally_good_are_both_marked():
    assert rows({cell("saliency"): 0.2, cell("gradcam"): 0.2}) == {"saliency": ["0.200*"], "gradcam": ["0.200*"]}


def test_method_for_comparison_is_never_the_best():
    means = {cell("lrp_epsilon"): 0.9, cell("saliency"): 0.2, cell("gradcam"): 0.1}
    assert rows(means) == {"lrp_epsilon": ["0.900"], "saliency": ["0.200*"], "gradcam": ["0.100"]}


def test_cell_that_was_not_computed_is_a_dash():
    means = {cell("saliency"): 0.2, cell("saliency", "pointing_game"): 0.3, cell("gradcam"): 0.1}
    assert rows(means) == {"saliency": ["0.200*", "0.300*"], "gradcam": ["0.100", "-"]}


def test_variants_are_rows_and_seeds_are_averaged():
    means = {cell("saliency", seed=1): 0.2, cell("saliency", seed=2): 0.4, cell("saliency", variant="abs"): 0.1}
    assert rows(means) == {"saliency": ["0.300*"], "saliency_abs": ["0.100"]}


def test_each_family_and_kind_of_mask_has_a_table():
    metrics = ("auc", "auc_causal", "faithfulness_correlation")
    tables = score_table("synthetic", {cell("saliency", metric, dataset="synthetic"): 0.5 for metric in metrics}).split("\n\n")
    assert [table.count("0.500*") for table in tables] == [1, 1, 1]
    assert ["causal" in table for table in tables].count(True) == 1
    assert ["faithfulness" in table for table in tables].count(True) == 1


def test_other_datasets_are_left_out():
    assert rows({cell("saliency"): 0.2, cell("gradcam", dataset="synthetic"): 0.9}) == {"saliency": ["0.200*"]}
    assert score_table("synthetic", {cell("saliency"): 0.2}) == ""
