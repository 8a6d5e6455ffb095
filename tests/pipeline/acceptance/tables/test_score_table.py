"""The table of scores that ends a run."""

import math

import pytest

import ecgbench
from ecgbench.datasets import DATASETS
from ecgbench.metrics import METRICS
from ecgbench.pipeline import Address, score_tables

LOWER = next(entry.key for entry in METRICS if not entry.higher_is_better)


def cell(source, metric="auc", variant="raw", seed=1, dataset="mitdb", model=None):
    return Address(dataset, model or DATASETS[dataset].default_model(), source, variant, metric, seed)


def rows(means):
    """The values of each row, as shown, of the only table."""
    (table,) = score_tables(means)
    lines = table.splitlines()
    body = lines[[line.startswith("---") for line in lines].index(True) + 1 :]
    return {line.split()[0]: line.split()[1:] for line in body}


@pytest.mark.parametrize(("metric", "best", "sign"), [("auc", "gradcam", "+"), (LOWER, "saliency", "-")])
def test_best_is_marked_in_the_metrics_direction_which_stands_in_the_heading(metric, best, sign):
    means = {cell("saliency", metric): 0.1, cell("gradcam", metric): 0.9}
    assert {source for source, (value,) in rows(means).items() if value.endswith("*")} == {best}
    assert score_tables(means)[0].partition("---")[0].split()[-1] == sign


def test_undefined_is_a_dash_and_never_the_best():
    assert rows({cell("saliency"): math.nan, cell("gradcam"): 0.2}) == {"saliency": ["-"], "gradcam": ["0.200*"]}
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


@pytest.mark.usefixtures("registries_restored")
def test_each_model_family_and_kind_of_mask_has_a_table_families_in_their_order():
    ecgbench.register_family("speed", "Speed", "Is it fast?", order=5)
    declared = {"higher_is_better": True, "bounds": (0, 1), "needs": (), "atol": 0}

    @ecgbench.register("metrics", version=1, reference="", family="speed", **declared)
    def swift(attributions):
        raise AssertionError

    metrics = ("auc", "auc_causal", "faithfulness_correlation", "swift")
    tables = score_tables({cell("saliency", metric, dataset="synthetic", model=model): 0.5 for model in ("a", "b") for metric in metrics})
    headings = [table.partition("---")[0].split() for table in tables]
    assert [next(word for word in ("a", "b") if word in heading) for heading in headings] == ["a"] * 4 + ["b"] * 4
    shown = [next(word for word in ("swift", "causal", "auc", "faithfulness") if word in heading) for heading in headings]
    assert [(one, sorted(two), three) for one, *two, three in (shown[:4], shown[4:])] == [("swift", ["auc", "causal"], "faithfulness")] * 2
    assert all(table.count("0.500*") == 1 for table in tables)
