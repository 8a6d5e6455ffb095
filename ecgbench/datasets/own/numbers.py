"""What own datasets of records and of arrays share: their numbers, checked, and their registration."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np

from ecgbench.datasets._registry import DATASETS, DatasetEntry
from ecgbench.errors import DuplicateKeyError, InputError
from ecgbench.inputs import at_least
from ecgbench.printable import shortened
from ecgbench.protocol import DatasetProtocol, Recipe
from ecgbench.types import Dataset
from ecgbench.untrusted.texts import LARGEST_SEED, file_name, seen_text

OWN = "own"
"""Licence of own data unless another is named, and the label rule of own arrays."""

STANDARD = "standard"
"""The split into the sides that were registered; the default of every own dataset."""

KEY = re.compile(r"[a-z][a-z0-9_]*(?<!_abs)(?<!_causal)(?<!_spans)")
"""Keys that can be part of a cell's name, in which these endings stand for a variant or a mask."""

RECIPE = Recipe("resnet18_7", learning_rate=1e-3)
MOST_SEEDS = 99
"""Most seeds of a dataset, as submissions have them."""

PATCH = 0.064
"""Seconds of a patch of lime and kernel_shap, unless another length is named."""


def own_numbers(given: Mapping[str, Any], fs: float, window: int, **fixed: Any) -> DatasetProtocol:
    """A dataset's numbers: the given ones, and the defaults for all others.

    Parameters
    ----------
    given : the recipe's architecture, learning_rate, epochs, batch_size and weight_decay, or the recipe as a whole; threshold, patch,
        perturbations, baselines, seeds, precision, samples and window_batch (see `DatasetProtocol`)
    fs : Hz
    window : samples
    fixed : numbers that follow from the data

    Raises
    ------
    InputError
        If a name is not one of these, or a value is invalid.
    """
    for name in given:
        if name not in CHECKS:
            raise InputError(f'expected numbers among {", ".join(CHECKS)}, got "{name}"; choose one of these.')
    fs, window = positive("fs", fs), at_least("window", window)
    patch = min(max(1, round(PATCH * fs)), window)
    defaults = {"threshold": 0.75, "patch": patch, "perturbations": 500, "baselines": 250, "seeds": (1,)}
    checked = {name: CHECKS[name](name, value) for name, value in given.items()}
    recipe_parts = {name: checked.pop(name) for name in RECIPE_PARTS if name in checked}
    recipe = replace(checked.pop("recipe", RECIPE), **recipe_parts)
    numbers = DatasetProtocol(slug="", version="", fs=fs, window=window, recipe=recipe, **{**defaults, **fixed, **checked})
    if numbers.patch > window:
        raise InputError(f"expected a patch within the window of {window} samples, got {numbers.patch}; name a smaller one.")
    return numbers


def register_own(function: Callable[..., Dataset], protocol: DatasetProtocol, title: str | None, **declared: Any) -> DatasetEntry:
    """Register a dataset under its function's name; an equal one may be registered again.

    Raises
    ------
    InputError
        If the key cannot be part of a cell's name.
    DuplicateKeyError
        If another dataset has the key.
    """
    key = file_name("a key", function.__name__)
    if not KEY.fullmatch(key):
        raise InputError(
            f'expected a key of small letters, digits and underscores that does not end in _abs, _causal or _spans, got "{key}"; '
            "name another."
        )
    for what in ("licence", "reference"):
        seen_text(f"the {what}", declared[what])
    declared |= {"version": 1, "protocol": protocol, "title": seen_text("the title", title or key), "megabytes": 0}
    entry = DatasetEntry(key=key, function=function, **declared)
    if key in DATASETS and DATASETS[key] != entry:
        raise DuplicateKeyError(f'expected a new key in datasets, got "{key}", which {DATASETS[key].title} holds; name another.')
    DATASETS.register(**declared)(function)
    return entry


def names_of(what: str, given: Any, least: int = 1) -> tuple[str, ...]:
    """The given names, which must be at least `least` different texts.

    Raises
    ------
    InputError
        If they are not.
    """
    found = tuple(given) if isinstance(given, Sequence | np.ndarray) and not isinstance(given, str) else ()
    if len(found) < least or not all(isinstance(name, str) and name for name in found) or len(set(found)) < len(found):
        raise InputError(
            f'expected {what} as {least} or more different texts, such as ("a", "b"), got {shortened(repr(given))}; name them so.'
        )
    return tuple(seen_text(f"each of {what}", str(name)) for name in found)


def positive(name: str, value: Any) -> float:
    """The value, if it is a number above 0.

    Raises
    ------
    InputError
        If it is not.
    """
    if not _is_number(value) or value <= 0:
        raise InputError(f"expected {name} as a number above 0, got {value!r}; name another.")
    return float(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool) and math.isfinite(value)


def _not_negative(name: str, value: Any) -> float:
    if not _is_number(value) or value < 0:
        raise InputError(f"expected {name} as a number from 0 on, got {value!r}; name another.")
    return float(value)


def _probability(name: str, value: Any) -> float:
    if not _is_number(value) or not 0 < value < 1:
        raise InputError(f"expected {name} as a probability between 0 and 1, got {value!r}; name another.")
    return float(value)


def _seeds(name: str, value: Any) -> tuple[int, ...]:
    given = value if isinstance(value, Sequence | range) and not isinstance(value, str) else ()
    seeds = tuple(at_least(name, seed, 0, LARGEST_SEED) for seed in given[:MOST_SEEDS])
    if not seeds or len(set(seeds)) < len(given):
        raise InputError(f"expected {name} as different whole numbers, such as (1, 2, 3), got {value!r}; name 1 to {MOST_SEEDS}.")
    return seeds


def _precision(name: str, value: Any) -> str:
    if value not in ("float32", "float64"):
        raise InputError(f"expected {name} float32 or float64, got {value!r}; choose one of these.")
    return str(value)


def _recipe(name: str, value: Any) -> Recipe:
    if not isinstance(value, Recipe):
        raise InputError(f"expected {name} as a Recipe, got {value!r}; name its parts instead: {', '.join(RECIPE_PARTS)}.")
    return value


def _architecture(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InputError(f'expected {name} as a name such as "{RECIPE.architecture}", got {value!r}; name one.')
    return value


CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "architecture": _architecture,
    "learning_rate": positive,
    "epochs": at_least,
    "batch_size": at_least,
    "weight_decay": _not_negative,
    "recipe": _recipe,
    "threshold": _probability,
    "patch": at_least,
    "perturbations": at_least,
    "baselines": at_least,
    "seeds": _seeds,
    "precision": _precision,
    "samples": at_least,
    "window_batch": at_least,
}
"""The numbers that can be given, each with the function that checks and converts its value."""

RECIPE_PARTS = tuple(field.name for field in fields(Recipe) if field.name in CHECKS)
"""Names of the numbers of a recipe, each of which can be given by itself; the others are a way of training's."""
