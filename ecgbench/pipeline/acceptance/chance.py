"""What a map without information would score."""

from __future__ import annotations

import numpy as np

from ecgbench.datasets import DATASETS
from ecgbench.metrics import METRICS
from ecgbench.pipeline.compute.run import Run
from ecgbench.pipeline.grid.address import ModelAddress, metric_name


def chance_levels(run: Run, of: ModelAddress) -> dict[str, float]:
    """Mean score that a map without information would get, by the name of the metric's cells."""
    explained, fs = run.explained(of), run.dataset(of.dataset).fs
    levels: dict[str, float] = {}
    for kind in DATASETS[of.dataset].protocol.mask_kinds:
        mask = explained.windows.true_masks(explained.target, kind)
        for metric in METRICS:
            if (chance := metric.chance_of(mask, fs)) is not None:
                levels[metric_name(metric.key, kind)] = float(np.nanmean(chance))
    return levels
