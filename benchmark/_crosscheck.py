"""What the cross-check compares: scores by the study's way of a metric, by ours, and by Quantus."""

from __future__ import annotations

from importlib.metadata import version
from types import SimpleNamespace

import numpy as np

import ecgbench
from ecgbench.artifacts import artifact_key
from ecgbench.datasets import DATASETS
from ecgbench.pipeline import array_digest
from ecgbench.protocol import PROTOCOLS


def crosscheck(run, dataset, entry, kind):
    """Scores of the first four explained windows of the dataset's first seed: ours anew in every run, except where nothing is computed."""
    seed = DATASETS[dataset].protocol.seeds[0]
    model, explained = run.model(dataset, seed), run.explained(dataset, seed)
    first = np.arange(len(explained.target))[:4]
    windows, target = explained.windows.take(first), explained.target[first]
    mask = windows.masks(target, kind)

    def compute():
        maps = ecgbench.explain(model.module, windows.x, target, "saliency")
        case = SimpleNamespace(x=windows.x, target=target, mask=mask, attributions=maps, module=model.module)
        given = {"mask": mask, "x": windows.x, "model": model.module, "target": target}
        found = {protocol: ecgbench.score(entry.key, maps, **given, protocol=protocol) for protocol in PROTOCOLS}
        return {**found, "quantus": _quantus(run, entry, case)}, {"metric": entry.key}

    arrays = {name: array_digest(value) for name, value in {"x": windows.x, "target": target, "mask": mask}.items()}
    versions = {"quantus": version("quantus"), "metric": entry.key, "version": entry.version}
    key = artifact_key("crosscheck", **versions, model=model.digest, precision=model.precision, **arrays)
    return run.options.store.compute("crosscheck", key, compute, renew=True).arrays


def _quantus(run, entry, case):
    """Quantus's scores, from the store where it gave them before."""
    from benchmark.speed._quantus_calls import quantus_scores

    def compute():
        return {"scores": quantus_scores(entry, case)}, {"metric": entry.key}

    arrays = {name: array_digest(getattr(case, name)) for name in ("x", "target", "mask", "attributions")}
    key = artifact_key("quantus", quantus=version("quantus"), metric=entry.key, version=entry.version, **arrays)
    return run.options.store.compute("quantus", key, compute).arrays["scores"]
