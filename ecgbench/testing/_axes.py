"""Which trials an entry has, by its type: the only table that tells one axis from another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ecgbench.controls import CONTROLS, ControlEntry
from ecgbench.datasets import DATASETS, DatasetEntry
from ecgbench.methods import METHODS, MethodEntry
from ecgbench.metrics import FAMILIES, METRICS, Family, MetricEntry
from ecgbench.models import MODELS, RECIPES, ModelEntry, RecipeEntry
from ecgbench.models._registry import MODEL_NEEDS
from ecgbench.needs import METHOD_NEEDS, METRIC_NEEDS
from ecgbench.testing import _controls, _datasets, _families, _methods, _metric_parts, _metrics, _models, _recipes
from ecgbench.testing._declared import declared_by_function, declared_by_key

Trial = Callable[[Any], None]


@dataclass(frozen=True)
class Axis:
    """The trials of one kind of entry.

    Attributes
    ----------
    name : of the registry
    trials : functions of an entry, in the order in which they are run
    """

    name: str
    trials: tuple[Trial, ...]


AXES: Mapping[type, Axis] = {
    ControlEntry: Axis("controls", (*declared_by_function(CONTROLS, ("scene",), ()), *_controls.TRIALS)),
    DatasetEntry: Axis("datasets", (*declared_by_function(DATASETS, ("request",), ()), *_datasets.TRIALS)),
    Family: Axis("families", (*declared_by_key(FAMILIES), *_families.TRIALS)),
    MethodEntry: Axis("methods", (*declared_by_function(METHODS, ("model", "x", "target"), METHOD_NEEDS), *_methods.TRIALS)),
    MetricEntry: Axis(
        "metrics",
        (
            *declared_by_function(METRICS, ("attributions",), METRIC_NEEDS),
            *_metric_parts.TRIALS,
            *_metrics.TRIALS,
            _metric_parts.passes_are_those_that_are_declared,
        ),
    ),
    ModelEntry: Axis("models", (*declared_by_function(MODELS, ("leads", "samples", "outputs"), MODEL_NEEDS), *_models.TRIALS)),
    RecipeEntry: Axis("recipes", (*declared_by_function(RECIPES, ("usual",), ()), *_recipes.TRIALS)),
}
