"""Where a number of the benchmark stands: its place on every axis, and all names that follow from it.

A cell is one score of one map source on one dataset's model; maps are what several cells rest on; a model is what several maps explain.
Nothing else joins or splits these names.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ecgbench.datasets import DATASETS
from ecgbench.errors import UnknownKeyError
from ecgbench.metrics import METRICS, MetricEntry
from ecgbench.registry import unknown

RAW, ABSOLUTE = "raw", "abs"
VARIANTS = (RAW, ABSOLUTE)
"""Signed maps, and their absolute values."""

SPANS = "spans"
"""Kind of mask: the spans of the label's beats."""


@dataclass(frozen=True, order=True)
class ModelAddress:
    """A trained network: dataset, name of its models, seed.

    Attributes
    ----------
    dataset : key of its registry
    model : key of an architecture, with "+" and the recipe's behind it where that is not the study's
    seed : of the training
    """

    dataset: str
    model: str
    seed: int

    @property
    def id(self) -> str:
        """Its name in a test's brackets."""
        return f"{self.dataset}-{self.model}-seed{self.seed}"

    @property
    def flags(self) -> dict[str, str]:
        """The flags that select it, by name."""
        return _flags(self.dataset, self.model, self.seed)


@dataclass(frozen=True, order=True)
class MapsAddress:
    """The maps of one source of one model.

    Attributes
    ----------
    source : key of a method or control, or a submission's name
    """

    dataset: str
    model: str
    source: str
    seed: int

    @property
    def of_model(self) -> ModelAddress:
        """The model that is explained."""
        return ModelAddress(self.dataset, self.model, self.seed)

    @property
    def id(self) -> str:
        """Its name in a test's brackets."""
        return f"{self.dataset}-{self.model}-{self.source}-seed{self.seed}"

    @property
    def flags(self) -> dict[str, str]:
        """The flags that select it, by name."""
        return _flags(self.dataset, self.model, self.seed, method=self.source)


@dataclass(frozen=True, order=True)
class Address:
    """One cell of the benchmark.

    Attributes
    ----------
    dataset, model : keys of their registries
    source : key of a method or control, or a submission's name
    variant : "raw" for signed maps, "abs" for absolute ones
    metric : the metric's key, with the kind of mask behind it where that is not the beats' spans, as in "auc_causal"
    seed : of the model
    """

    dataset: str
    model: str
    source: str
    variant: str
    metric: str
    seed: int

    @property
    def of_maps(self) -> MapsAddress:
        """The maps that are scored."""
        return MapsAddress(self.dataset, self.model, self.source, self.seed)

    @property
    def of_model(self) -> ModelAddress:
        """The model that is explained."""
        return ModelAddress(self.dataset, self.model, self.seed)

    @property
    def id(self) -> str:
        """The cell's name, as pytest shows it in brackets."""
        return f"{self.dataset}-{self.model}-{variant_name(self.source, self.variant)}-{self.metric}-seed{self.seed}"

    @property
    def flags(self) -> dict[str, str]:
        """The flags that select it, by name."""
        return _flags(self.dataset, self.model, self.seed, method=variant_name(self.source, self.variant), metric=self.metric)

    def as_dict(self) -> dict[str, Any]:
        """Plain data that can go from process to process; `Address(**data)` is the same again."""
        return asdict(self)


def _flags(dataset: str, model: str, seed: int, **more: str) -> dict[str, str]:
    named = {} if model == DATASETS[dataset].default_model() else {"model": model}
    return {"dataset": dataset, **named, **more, "seeds": str(seed)}


def variant_name(source: str, variant: str) -> str:
    """The source's key, with `_abs` behind it for absolute values."""
    return source if variant == RAW else f"{source}_{variant}"


def metric_names(dataset: str) -> list[str]:
    """Metrics that a dataset has cells of: those that need a mask once for each kind of mask, with the kind behind the key.

    Metrics that compare the maps of several models have none where a dataset has one model.
    """
    numbers = DATASETS[dataset].protocol
    kinds, names = numbers.mask_kinds, []
    known = {"twin": numbers.twins, "regions": DATASETS[dataset].regions, "continued": DATASETS[dataset].continued}
    for entry in METRICS:
        if any(need in entry.asks and not known[need] for need in known):
            continue
        if "other_maps" in entry.asks and len(numbers.seeds) < 2:
            continue
        names += [metric_name(entry.key, kind) for kind in kinds] if "mask" in entry.needs else [entry.key]
    return names


def metric_name(key: str, kind: str) -> str:
    """Name of a metric's cells against one kind of mask."""
    return key if kind == SPANS else f"{key}_{kind}"


def metric_bounds(name: str) -> tuple[float, float] | None:
    """Lowest and highest possible score of a cell's metric; None for one that is not registered."""
    try:
        return split_metric(name)[0].bounds
    except UnknownKeyError:
        return None


def split_metric(name: str) -> tuple[MetricEntry, str]:
    """Metric and kind of mask that a cell's metric stands for.

    Raises
    ------
    UnknownKeyError
        If there is none of that name.
    """
    kinds = {SPANS, *(kind for dataset in DATASETS for kind in dataset.protocol.mask_kinds)}
    known = {metric_name(entry.key, kind): (entry, kind) for entry in METRICS for kind in kinds if "mask" in entry.needs or kind == SPANS}
    if name not in known:
        raise UnknownKeyError(unknown("metrics", name, known))
    return known[name]
