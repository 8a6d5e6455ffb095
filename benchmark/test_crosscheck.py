"""Cross-check: four explained windows of every dataset and metric beside Quantus; what differs by definition is named."""

from __future__ import annotations

from importlib.metadata import version
from types import SimpleNamespace

import numpy as np
import pytest

import ecgbench
from ecgbench.artifacts import artifact_key
from ecgbench.datasets import DATASETS
from ecgbench.pipeline import array_digest, split_metric

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
    (dataset, metric), (entry, kind) = group, split_metric(group[1])
    case = _case(run, dataset, kind)
    given = {"mask": case.mask, "x": case.x, "model": case.module, "target": case.target}
    theirs = _quantus(run, entry, case)
    np.testing.assert_allclose(ecgbench.score(entry.key, case.attributions, **given, protocol="study"), theirs, atol=1e-5)
    difference = float(np.abs(ecgbench.score(entry.key, case.attributions, **given) - theirs).max())
    record_property("crosscheck", f"{dataset} {metric}: at most {difference:.1e}. {DIFFERENCES.get(entry.key, '')}")
    assert difference < 1e-5 or entry.key in DIFFERENCES, f"expected {metric} as Quantus has it, got {difference:.2g} away, unnamed"


def _case(run, dataset, kind):
    """Saliency of the first four explained windows of the dataset's first seed."""
    seed = DATASETS[dataset].protocol.seeds[0]
    module, explained = run.model(dataset, seed).module, run.explained(dataset, seed)
    first = np.arange(len(explained.target))[:4]
    windows, target = explained.windows.take(first), explained.target[first]
    maps = ecgbench.explain(module, windows.x, target, "saliency")
    return SimpleNamespace(x=windows.x, target=target, mask=windows.masks(target, kind), attributions=maps, module=module)


def _quantus(run, entry, case):
    """Quantus's scores, from the store where it gave them before."""
    from benchmark.speed._quantus_calls import quantus_scores

    def compute():
        return {"scores": quantus_scores(entry, case)}, {"metric": entry.key}

    arrays = {name: array_digest(getattr(case, name)) for name in ("x", "target", "mask", "attributions")}
    key = artifact_key("quantus", quantus=version("quantus"), metric=entry.key, version=entry.version, **arrays)
    return run.options.store.compute("quantus", key, compute).arrays["scores"]
