"""Cross-check: four explained windows of every dataset and metric beside Quantus; what differs by definition is named."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark._crosscheck import crosscheck
from ecgbench.pipeline import split_metric

GROUP = ("dataset", "metric")
REGIONS = "ours zeroes half of the samples on a grid from the window's start; Quantus 100 patches of a centred grid, whatever the length"
DIFFERENCES = {
    "region_perturbation_lerf": REGIONS,
    "region_perturbation_morf": REGIONS,
    "top_k_intersection": "ours takes 5 % of the values and divides by what a perfect map can reach; Quantus takes and divides by 1000",
}

# Quantus warns of small masks, and divides by zero where it is given fewer than three windows.
pytestmark = pytest.mark.filterwarnings("ignore:Ratio is smaller:UserWarning", "ignore:divide by zero:RuntimeWarning")


def test_agrees_with_quantus(group, run, record_property):
    """The study's way of a metric equals Quantus; ours does too, or the difference is a known one."""
    dataset, metric = group
    entry, kind = split_metric(metric)
    scores = crosscheck(run, dataset, entry, kind)
    np.testing.assert_allclose(scores["study"], scores["quantus"], atol=1e-5)
    difference = float(np.abs(scores["ours"] - scores["quantus"]).max())
    record_property("crosscheck", f"{dataset} {metric}: at most {difference:.1e}. {DIFFERENCES.get(entry.key, '')}")
    assert difference < 1e-5 or entry.key in DIFFERENCES, f"expected {metric} as Quantus has it, got {difference:.2g} away, unnamed"
