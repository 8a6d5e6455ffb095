"""Adding an entry from a script, without a package and its entry points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ecgbench.controls import CONTROLS
from ecgbench.datasets import DATASETS
from ecgbench.errors import UnknownKeyError
from ecgbench.methods import METHODS
from ecgbench.metrics import FAMILIES, METRICS, Family
from ecgbench.models import MODELS, RECIPES
from ecgbench.pipeline.own_data import known_architecture
from ecgbench.registry import FunctionT, Registry, unknown

REGISTRIES: dict[str, Registry[Any]] = {registry.name: registry for registry in (CONTROLS, DATASETS, METHODS, METRICS, MODELS, RECIPES)}
"""The axes whose entries are functions."""


def register(axis: str, /, **declared: Any) -> Callable[[FunctionT], FunctionT]:
    """Register the decorated function as a dataset, model, recipe, method, control or metric under its own name.

    Parameters
    ----------
    axis : "datasets", "models", "recipes", "methods", "controls" or "metrics"
    declared : what an entry of that axis declares (`DatasetEntry`, `ModelEntry`, `RecipeEntry`, `MethodEntry`, `ControlEntry`,
        `MetricEntry`)

    Raises
    ------
    UnknownKeyError
        If there is no such axis, or a metric names a family, or a dataset's protocol an architecture, that nobody registered.
    InputError
        If a property is not one that entries of the axis declare, or it asks for something that nobody supplies.
    DuplicateKeyError
        If another function holds the key.
    """
    if axis not in REGISTRIES:
        raise UnknownKeyError(unknown("axes", axis, REGISTRIES))
    known_architecture(declared.get("protocol"))
    return REGISTRIES[axis].register(**declared)


def register_family(key: str, title: str, question: str, order: int = 100) -> Family:
    """Register a family of metrics; metrics then name it as their `family`.

    Parameters
    ----------
    key : small letters, digits and underscores
    title : its heading on pages
    question : what its metrics ask of a map, in a sentence or two
    order : families are shown in ascending order of it; localisation has 10, faithfulness 20

    Raises
    ------
    DuplicateKeyError
        If there is another family of that key.
    """
    family = Family(key, title, question, order)
    FAMILIES.add(family, f"{title}\0{question}")
    return family
