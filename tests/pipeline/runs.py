"""Small runs on the embedded dataset, each with a store of its own that holds no more than the windows."""

import shutil
from pathlib import Path

from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import load_dataset
from ecgbench.pipeline import Cell, Options, Run


def store_with_windows(root: Path) -> ArtifactStore:
    """Simulating takes seconds, so that is done once for all tests."""
    common = ArtifactStore()
    load_dataset("synthetic", store=common)
    for stage, key in common:
        if stage == "windows":
            shutil.copytree(common.root / stage / key, root / stage / key)
    return ArtifactStore(root)


def small_run(store: ArtifactStore, samples: int = 4, **options) -> Run:
    return Run(Options(samples=samples, store=store, **options))


def cell(metric: str = "auc", method: str = "saliency", variant: str = "raw", seed: int = 1) -> Cell:
    return Cell("synthetic", method, variant, metric, seed)


def stages(store: ArtifactStore) -> list[str]:
    """The stage of every artifact."""
    return [stage for stage, _ in store]
