"""Registering a user's own data, once what it names of the other axes is known to be there."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from ecgbench import datasets
from ecgbench.datasets import DatasetEntry
from ecgbench.models import known_model

P = ParamSpec("P")


def known_architecture(declared: Any) -> None:
    """Refuse a recipe, or what has one, of an architecture that nobody registered: training would, after all records were read.

    Parameters
    ----------
    declared : a `Recipe`, a `DatasetProtocol`, or the name of an architecture; anything else is left to other checks

    Raises
    ------
    UnknownKeyError
        If there is no such architecture.
    """
    recipe = getattr(declared, "recipe", declared)
    name = getattr(recipe, "architecture", recipe)
    if isinstance(name, str):
        known_model(name)


def _of_known_architectures(register: Callable[P, DatasetEntry]) -> Callable[P, DatasetEntry]:
    @wraps(register)
    def registered(*arguments: P.args, **given: P.kwargs) -> DatasetEntry:
        for name in ("architecture", "recipe"):
            known_architecture(given.get(name))
        return register(*arguments, **given)

    return registered


register_arrays = _of_known_architectures(datasets.register_arrays)
register_records = _of_known_architectures(datasets.register_records)
