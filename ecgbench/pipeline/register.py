"""Adding an entry from a script, without a package and its entry points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ecgbench.controls import CONTROLS
from ecgbench.datasets import DATASETS
from ecgbench.errors import UnknownKeyError
from ecgbench.methods import METHODS
from ecgbench.metrics import METRICS
from ecgbench.registry import FunctionT, Registry, unknown


def register(family: str, **declared: Any) -> Callable[[FunctionT], FunctionT]:
    """Register the decorated function as a dataset, method, metric or control under its own name.

    Parameters
    ----------
    family : "datasets", "methods", "metrics" or "controls"
    declared : what an entry of that family declares (`DatasetEntry`, `MethodEntry`, `MetricEntry`, `ControlEntry`)

    Raises
    ------
    UnknownKeyError
        If there is no such family.
    DuplicateKeyError
        If another function holds the key.
    """
    registries: dict[str, Registry[Any]] = {registry.family: registry for registry in (CONTROLS, DATASETS, METHODS, METRICS)}
    if family not in registries:
        raise UnknownKeyError(unknown("families", family, registries))
    return registries[family].register(**declared)
