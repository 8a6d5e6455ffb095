"""What cells cost: forward passes, bytes and files, from windows, leads, samples, patches, steps and the options that a dataset sets.

All is linear in the number of windows. By the length of a window: a method's or metric's passes say it themselves (those of perturbation
grow with the number of steps, so that with whole passes their time grows with the square of the length).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from ecgbench.methods import FORWARD_SHARE, METHODS, MethodEntry
from ecgbench.metrics import MOST_WINDOWS, PASSES_FS, MetricEntry
from ecgbench.models import MODELS, split_model
from ecgbench.pipeline.grid.address import Address, split_metric
from ecgbench.protocol import AGREEMENT_WINDOWS, DatasetProtocol

BACKWARD = 1 / FORWARD_SHARE
"""What a forward and a backward pass cost, in forward passes."""

STEP_SHARE = 0.3
"""What a step of incremental inference costs, in forward passes; fewer with dead channels. Other networks take whole ones."""

TWIN_SHARE = 0.2
"""Share of a window in which it differs from its twin, and so of the passes that metrics declare for windows that differ everywhere."""


ENTRY_BYTES = 400
"""What the store's file says about an artifact or an entry of one, beside its arrays."""

ARRAY_BYTES = 8
"""A window's score by one variant."""

Checked = Collection[tuple[str, int]]
"""Sources and seeds."""


@dataclass(frozen=True)
class Cost:
    """What a selection of one dataset and name of models costs.

    Attributes
    ----------
    map_passes, score_passes : forward passes for maps with their health, and for scores
    bytes, files : of maps, scores and shared evaluations in the store
    """

    map_passes: float
    score_passes: float
    bytes: float
    files: int

    @property
    def passes(self) -> float:
        """All forward passes."""
        return self.map_passes + self.score_passes


def cost_of(cells: Sequence[Address], checked: Checked, protocol: DatasetProtocol, model: str, windows: int) -> Cost:
    """The cost of the cells of one dataset and name of models.

    Parameters
    ----------
    cells : of one dataset and name of models
    checked : sources and seeds of which the maps' health is measured
    protocol : the dataset's numbers
    model : name of the models
    windows : explained windows of each seed
    """
    maps = _maps(cells, checked, protocol)
    of_maps = windows * _map_passes(maps, protocol) + min(windows, AGREEMENT_WINDOWS) * _agreement_passes(checked, protocol)
    of_scores = windows * _score_passes(cells, protocol, _step_share(model))
    of_scores += min(windows, MOST_WINDOWS) * _further_passes(cells, protocol)
    return Cost(of_maps, of_scores, *_stored(cells, maps, protocol, windows))


def _maps(cells: Sequence[Address], checked: Checked, protocol: DatasetProtocol) -> set[tuple[str, int]]:
    """Sources and seeds of which there are maps: those of other seeds too where a metric compares with them."""
    compared = {cell.source for cell in cells if "other_maps" in split_metric(cell.metric)[0].asks}
    scored = {(cell.source, cell.seed) for cell in cells}
    return scored.union(checked, product(compared, protocol.seeds))


def _stored(cells: Sequence[Address], maps: Checked, protocol: DatasetProtocol, windows: int) -> tuple[float, int]:
    """Bytes and files of maps, scores and shared evaluations, a file each for each batch of windows."""
    batches = -(-windows // protocol.window_batch)
    scored = {(cell.source, cell.seed) for cell in cells}
    shared = {(cell.metric, cell.seed) for cell in cells if split_metric(cell.metric)[0].shared is not None}
    window_bytes = protocol.leads * protocol.window * np.dtype(protocol.precision).itemsize
    stored = windows * (len(maps) * window_bytes + len(cells) * ARRAY_BYTES)
    entries = batches * (len(maps) + len({(cell.source, cell.metric, cell.seed) for cell in cells}) + len(shared))
    return stored + entries * ENTRY_BYTES, batches * (len(maps) + len(scored) + len(shared))


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
