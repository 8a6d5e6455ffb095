"""What a map without information would score."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ecgbench.datasets import DATASETS
from ecgbench.metrics import METRICS
from ecgbench.pipeline.compute.run import Run
from ecgbench.pipeline.grid.address import ModelAddress, metric_name
from ecgbench.types import Explained


def chance_levels(run: Run, of: ModelAddress) -> dict[str, float]:
    """Mean score that a map without information would get, by the name of the metric's cells."""
    return levels_of(run.explained(of), DATASETS[of.dataset].protocol.mask_kinds, run.dataset(of.dataset).fs)


def levels_of(explained: Explained, kinds: Iterable[str], fs: float) -> dict[str, float]:
    """The same for any explained windows with masks of these kinds; without metrics that are undefined in all of them."""
    levels: dict[str, float] = {}
    for kind in kinds:
        mask = explained.windows.true_masks(explained.target, kind)
        for metric in METRICS:
            chance = metric.chance_of(mask, fs)
            if chance is not None and not np.isnan(chance).all():
                levels[metric_name(metric.key, kind)] = float(np.nanmean(chance))
    return levels
