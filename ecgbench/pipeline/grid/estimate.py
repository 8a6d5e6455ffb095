"""How long a selection will take on this machine, if nothing of it lies in the store."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np

from ecgbench.datasets import DATASETS
from ecgbench.methods import FORWARD_SHARE, METHODS, MethodEntry
from ecgbench.metrics import MOST_WINDOWS, PASSES_FS, MetricEntry
from ecgbench.models import MODELS, split_model
from ecgbench.pipeline.grid.address import Address, MapsAddress, split_metric
from ecgbench.protocol import AGREEMENT_WINDOWS, ALL, DatasetProtocol

BACKWARD = 1 / FORWARD_SHARE
"""What a forward and a backward pass cost, in forward passes."""

STEP_SHARE = 0.3
"""What a step of incremental inference costs, in forward passes; fewer with dead channels. Other networks take whole ones."""

TWIN_SHARE = 0.2
"""Share of a window in which it differs from its twin, and so of the passes that metrics declare for windows that differ everywhere."""


def estimate_seconds(
    cells: Sequence[Address], samples: int | str | None, health: Collection[MapsAddress] = (), edition: str | None = None
) -> float:
    """Seconds for computing the cells anew: forward passes that they need, times the time of one, measured here.

    Parameters
    ----------
    cells : the selection
    samples : explained windows of each dataset and seed; None and "all" are taken for the dataset's usual number
    health : maps whose health is measured
    edition : of the datasets; by default the first of each

    Training is not counted (see `training_note`): how many windows there are is not known before the records are read.
    """
    total = 0.0
    every = [*(cell.of_maps for cell in cells), *health]
    for dataset, model in dict.fromkeys((of.dataset, of.model) for of in every):
        own = [cell for cell in cells if (cell.dataset, cell.model) == (dataset, model)]
        checked = {(of.source, of.seed) for of in health if (of.dataset, of.model) == (dataset, model)}
        total += _seconds(own, checked, DATASETS[dataset].numbers(edition), model, samples)
    return total


def _seconds(
    cells: Sequence[Address], checked: Collection[tuple[str, int]], protocol: DatasetProtocol, model: str, samples: int | str | None
) -> float:
    """Seconds for the cells of one dataset and name of models, and for the health of the maps of `checked` sources and seeds."""
    compared = {cell.source for cell in cells if "other_maps" in split_metric(cell.metric)[0].asks}
    maps = {*checked, *((cell.source, cell.seed) for cell in cells), *((source, seed) for source in compared for seed in protocol.seeds)}
    windows = protocol.samples if samples in (None, ALL) else int(samples)
    passes = windows * (_map_passes(maps, protocol) + _score_passes(cells, protocol, _step_share(model)))
    passes += min(windows, AGREEMENT_WINDOWS) * _agreement_passes(checked, protocol)
    passes += min(windows, MOST_WINDOWS) * _further_passes(cells, protocol)
    return passes * _seconds_per_pass(protocol, model)


def method_passes(entry: MethodEntry, protocol: DatasetProtocol) -> float:
    """Forward and backward passes a window that a method takes with the options that the dataset sets, and its own defaults."""
    return entry.passes_of(protocol.window, {option: getattr(protocol, number) for option, number in entry.of_dataset.items()})


def _map_passes(maps: Iterable[tuple[str, int]], protocol: DatasetProtocol) -> float:
    """Forward passes a window of methods and seeds; a control needs none."""
    return sum(BACKWARD * method_passes(METHODS[method], protocol) for method, _ in maps if method in METHODS)


def _agreement_passes(maps: Collection[tuple[str, int]], protocol: DatasetProtocol) -> float:
    """Forward passes a window for the maps of another class, and of stochastic methods with another seed."""
    return _map_passes(maps, protocol) + _map_passes([one for one in maps if METHODS[one[0]].stochastic], protocol)


def _further_passes(cells: Sequence[Address], protocol: DatasetProtocol) -> float:
    """Forward passes a window for further maps, which metrics of one situation share, and for what is changed."""
    asked = {(cell.source, cell.seed, situation) for cell in cells if (situation := split_metric(cell.metric)[0].situation) is not None}
    maps = sum(situation.maps * _map_passes([(source, seed)], protocol) for source, seed, situation in asked)
    return maps + sum(situation.passes for _, situation in {(seed, situation) for _, seed, situation in asked})


def _step_share(name: str) -> float:
    """What a step of a perturbation costs with models of a name, in forward passes."""
    return STEP_SHARE if MODELS[split_model(name)[0]].evaluator is not None else 1.0


def _score_passes(cells: Sequence[Address], protocol: DatasetProtocol, step: float) -> float:
    """Forward passes a window of metrics, for raw and absolute maps together."""
    entries = {cell.metric: split_metric(cell.metric)[0] for cell in cells}
    own = {(cell.seed, cell.source, cell.metric) for cell in cells if _of_each_map(entries[cell.metric])}
    shared = {(cell.seed, cell.metric) for cell in cells if not _of_each_map(entries[cell.metric])}
    passes = {metric: _metric_passes(entry, protocol, step) for metric, entry in entries.items()}
    return sum(2 * passes[metric] for _, _, metric in own) + sum(passes[metric] for _, metric in shared)


def _of_each_map(entry: MetricEntry) -> bool:
    """Whether a metric's passes are made for each map, instead of once for all."""
    return entry.shared is None or entry.perturb is not None


def _metric_passes(entry: MetricEntry, protocol: DatasetProtocol, step: float) -> float:
    samples = round(protocol.window * PASSES_FS / protocol.fs) if "fs" in entry.asks else protocol.window
    return entry.passes(samples) * (1 if entry.perturb is None else step) * (TWIN_SHARE if "twin" in entry.asks else 1)


def _seconds_per_pass(protocol: DatasetProtocol, name: str, rows: int = 16) -> float:
    import torch

    from ecgbench.models import forward, untrained

    model = untrained(split_model(name)[0], len(protocol.classes), leads=protocol.leads, samples=protocol.window)
    model = model.to(getattr(torch, protocol.precision))
    x: Any = np.zeros((rows, protocol.leads, protocol.window), dtype=np.float32)
    forward(model, x)
    began = time.perf_counter()
    forward(model, x)
    return (time.perf_counter() - began) / rows
