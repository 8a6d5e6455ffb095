"""How long a selection will take on this machine, if nothing of it lies in the store."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from ecgbench.datasets import DATASETS
from ecgbench.methods import METHODS
from ecgbench.pipeline._cells import Cell, split_metric
from ecgbench.protocol import SAMPLES, DatasetProtocol

BACKWARD = 2.5
"""What a forward and a backward pass cost, in forward passes."""


def estimate_seconds(cells: Sequence[Cell], samples: int | None) -> float:
    """Seconds for computing the cells anew: forward passes that they need, times the time of one, measured here.

    Parameters
    ----------
    cells : the selection
    samples : explained windows of each dataset and seed; None is taken for the dataset's usual number

    Training is not counted: how many windows there are is not known before the records are read.
    """
    total = 0.0
    for dataset in dict.fromkeys(cell.dataset for cell in cells):
        own = [cell for cell in cells if cell.dataset == dataset]
        total += _passes(own, DATASETS[dataset].protocol) * (samples or SAMPLES) * _seconds_per_pass(DATASETS[dataset].protocol)
    return total


def _passes(cells: Sequence[Cell], protocol: DatasetProtocol) -> float:
    """Forward passes a window: those of methods once, those of metrics for raw and absolute maps together."""
    maps = {(cell.seed, cell.method) for cell in cells}
    scores = {(cell.seed, cell.method, cell.metric) for cell in cells}
    shared = {(cell.seed, cell.metric) for cell in cells}
    evaluations = {cell.metric: split_metric(cell.metric)[0] for cell in cells}
    return (
        sum(METHODS[method].passes * BACKWARD for _, method in maps)
        + sum(2 * evaluations[metric].passes(protocol.window) for _, _, metric in scores if evaluations[metric].shared is None)
        + sum(evaluations[metric].passes(protocol.window) for _, metric in shared if evaluations[metric].shared is not None)
    )


def _seconds_per_pass(protocol: DatasetProtocol, rows: int = 16) -> float:
    import torch

    from ecgbench.models import forward, untrained

    leads = 12 if protocol.lead is None and protocol.slug else 1
    model = untrained(protocol.recipe.architecture, len(protocol.classes)).to(getattr(torch, protocol.precision))
    x: Any = np.zeros((rows, leads, protocol.window), dtype=np.float32)
    forward(model, x)
    began = time.perf_counter()
    forward(model, x)
    return (time.perf_counter() - began) / rows
