"""Small runs on the embedded dataset, each with a store of its own that holds no more than the windows."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import load_dataset
from ecgbench.pipeline import Cell, Options, Run
from ecgbench.pipeline.compute import maps as maps_module
from ecgbench.pipeline.compute import scores as scores_module
from ecgbench.pipeline.compute.maps import batches


@dataclass
class Counting:
    """Evaluates what another evaluator does, and counts the rows of each call and of each batch of steps."""

    evaluate: object = None
    rows: list = field(default_factory=list)
    stepped: list = field(default_factory=list)

    def __call__(self, rows):
        self.rows.append(len(rows))
        return self.evaluate(rows)

    def stepwise(self, x, steps):
        self.stepped.append(len(steps))
        return self.evaluate.stepwise(x, steps)


def count_evaluations(monkeypatch) -> Counting:
    """Count what metrics evaluate from now on."""
    counting, real = Counting(), scores_module.evaluator

    def counted(module):
        counting.evaluate = real(module)
        return counting

    monkeypatch.setattr(scores_module, "evaluator", counted)
    return counting


def store_with_windows(root: Path) -> ArtifactStore:
    """Simulating takes seconds, so that is done once for all tests."""
    common = ArtifactStore()
    load_dataset("synthetic", store=common)
    shutil.copytree(common.root / "windows", root / "windows")
    return ArtifactStore(root)


def small_run(store: ArtifactStore, samples: int = 4, wanted=(), by_method=False, **options) -> Run:
    return Run(Options(samples=samples, store=store, **options), wanted, by_method)


def cell(metric: str = "auc", method: str = "saliency", variant: str = "raw", seed: int = 1) -> Cell:
    return Cell("synthetic", method, variant, metric, seed)


def stages(store: ArtifactStore) -> list[str]:
    """The stage of every artifact."""
    return [stage for stage, _ in store]


def batches_of(size, monkeypatch):
    """Let an artifact hold that many windows."""
    monkeypatch.setattr(maps_module, "batches", lambda count, _: batches(count, size))
