"""Cells of the grid dataset x method x variant x metric x seed: which there are, what they are called, which are selected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import NamedTuple

from ecgbench.controls import CONTROLS
from ecgbench.datasets import DATASETS
from ecgbench.errors import DuplicateKeyError, UnknownKeyError
from ecgbench.methods import METHODS
from ecgbench.metrics import METRICS, MetricEntry
from ecgbench.registry import unknown

VARIANTS = ("raw", "abs")
SPANS = "spans"


class Cell(NamedTuple):
    """One number of the benchmark; in the place of a method a control may stand."""

    dataset: str
    method: str
    variant: str
    metric: str
    seed: int

    @property
    def id(self) -> str:
        """The cell's name, as pytest shows it."""
        return f"{self.dataset}-{variant_name(self.method, self.variant)}-{self.metric}-seed{self.seed}"

    @property
    def is_control(self) -> bool:
        """Whether its maps are made without looking at the model."""
        return self.method in CONTROLS


def variant_name(method: str, variant: str) -> str:
    """The method's key, with `_abs` behind it for absolute values."""
    return method if variant == "raw" else f"{method}_{variant}"


def metric_names(dataset: str) -> list[str]:
    """Metrics that a dataset has cells of: localisation once for each kind of mask, with the kind behind the key."""
    kinds = DATASETS[dataset].protocol.mask_kinds
    names = []
    for entry in METRICS:
        names += [metric_name(entry.key, kind) for kind in kinds] if "mask" in entry.needs else [entry.key]
    return names


def metric_name(key: str, kind: str) -> str:
    """Name of a localisation metric's cells against one kind of mask."""
    return key if kind == SPANS else f"{key}_{kind}"


def split_metric(name: str) -> tuple[MetricEntry, str]:
    """Metric and kind of mask that a cell's metric stands for."""
    kinds = {SPANS, *(kind for dataset in DATASETS for kind in dataset.protocol.mask_kinds)}
    known = {metric_name(entry.key, kind): (entry, kind) for entry in METRICS for kind in kinds if "mask" in entry.needs or kind == SPANS}
    if name not in known:
        raise UnknownKeyError(unknown("metrics", name, known))
    return known[name]


@dataclass(frozen=True)
class Selection:
    """Which cells of the grid are wanted; empty means the default, globs are allowed, a method's key means both its variants.

    Controls are selected like methods, and have signed maps only.

    Attributes
    ----------
    datasets : default those that need no files
    methods, metrics : default all
    seeds : default the dataset's first seed, or all of an embedded dataset's; of these only the seeds that a dataset has are taken
    """

    datasets: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()

    def cells(self) -> list[Cell]:
        """The selected cells, so ordered that those which share work stand together.

        Raises
        ------
        UnknownKeyError
            If a pattern matches nothing.
        DuplicateKeyError
            If a method and a control have the same key.
        """
        variants, metrics = self.variants(), {dataset: self.metrics_of(dataset) for dataset in self.dataset_keys()}
        return [
            Cell(dataset, method, variant, metric, seed)
            for dataset in metrics
            for seed in self.seeds_of(dataset)
            for method, variant in variants
            for metric in metrics[dataset]
            if method in METHODS or CONTROLS[method].applies(DATASETS[dataset].protocol.mask_kinds)
        ]

    def dataset_keys(self) -> list[str]:
        """The selected datasets."""
        if self.datasets:
            return _matching("datasets", self.datasets, DATASETS.keys())
        return [entry.key for entry in DATASETS if entry.embedded]

    def seeds_of(self, dataset: str) -> tuple[int, ...]:
        """The selected seeds of a dataset."""
        entry = DATASETS[dataset]
        if self.seeds:
            return tuple(seed for seed in self.seeds if seed in entry.protocol.seeds)
        return entry.protocol.seeds if entry.embedded else entry.protocol.seeds[:1]

    def variants(self) -> list[tuple[str, str]]:
        """The selected methods and variants, and controls."""
        every = {variant_name(method, variant): (method, variant) for method in METHODS.keys() for variant in VARIANTS}  # noqa: SIM118
        every |= {control: (control, VARIANTS[0]) for control in _controls()}
        if not self.methods:
            return list(every.values())
        both = {pattern for pattern in self.methods if pattern in METHODS}
        chosen = _matching("methods", self.methods, list(every))
        return [pair for name, pair in every.items() if name in chosen or pair[0] in both]

    def metrics_of(self, dataset: str) -> list[str]:
        """The selected metrics that the dataset has cells of."""
        names = metric_names(dataset)
        if not self.metrics:
            return names
        known = {name for key in DATASETS.keys() for name in metric_names(key)}  # noqa: SIM118
        chosen = _matching("metrics", self.metrics, sorted(known))
        return [name for name in names if name in chosen]


def _controls() -> list[str]:
    """Keys of the controls, none of which may be a method's."""
    keys = CONTROLS.keys()
    for key in keys:
        if key in METHODS:
            raise DuplicateKeyError(f'expected other keys of controls than of methods, got "{key}" of both; rename one of the functions.')
    return keys


def _matching(family: str, patterns: Sequence[str], keys: Iterable[str]) -> list[str]:
    keys = list(keys)
    for pattern in patterns:
        if not any(fnmatchcase(key, pattern) for key in keys):
            raise UnknownKeyError(unknown(family, pattern, keys))
    return [key for key in keys if any(fnmatchcase(key, pattern) for pattern in patterns)]
