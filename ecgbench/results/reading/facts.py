"""What accepted results say of models and of maps' health must agree with itself."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from ecgbench.protocol import COMMON
from ecgbench.results.records import ModelRecord, SourceResults

ROUNDING = 1e-9
"""By how much a measure may leave its range, or differ from what it follows from, since sums are rounded."""

RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "zeros": (0, 1),
        "flat": (0, 1),
        "nonfinite": (0, 1),
        "sum_error": (0, np.inf),
        "seed_agreement": (-1, 1),
        "class_agreement": (-1, 1),
        "seconds_a_window": (0, np.inf),
    }
)
"""Least and largest value of what is measured of every method's maps."""


def check_facts(results: SourceResults) -> None:
    """Refuse what is said of models, of maps' health and of seeds where it does not agree with itself.

    Measures must follow from each other, health must be in its range, nothing may be said of seeds without a model, and the models of
    common windows must be those of the panel, or further ones.

    Raises
    ------
    ValueError
        If there are any.
    """
    for seed, model in results.models.items():
        _check_model(seed, model)
    _check_panel(results)
    for field in ("health", "artifacts", "chance"):
        strange = sorted(set(getattr(results, field)) - set(results.models))
        if strange:
            raise ValueError(f"{field} of seed {strange[0]} without its model")
    for seed, measured in results.health.items():
        for name, value in measured.items():
            low, high = RANGES.get(name, (-np.inf, np.inf))
            if not low - ROUNDING <= value <= high + ROUNDING:
                raise ValueError(f"{name} {value:g} in the health of seed {seed} instead of {low:g} to {high:g}")


def _check_panel(results: SourceResults) -> None:
    """Refuse results of common windows without the models that have them in common, and others with such."""
    common = results.identity.explained == COMMON
    if common != bool(results.panel):
        raise ValueError(f"a panel of {len(results.panel)} models for windows that are {results.identity.explained}")
    for seed, model in results.models.items():
        further = model.get("further", False)
        if further and (not common or seed in results.panel):
            raise ValueError(f"a model of seed {seed} that is a further one and one of the panel, or of windows of its own")
        if common and not further and results.panel.get(seed) != model["digest"]:
            raise ValueError(f"a model of seed {seed} that is not the one of the panel")
        if not further and model.get("explainable_by_all", 0) > model.get("explainable", np.inf):
            raise ValueError(f"more windows that all models recognise than the model of seed {seed} does")


def _check_model(seed: str, model: ModelRecord) -> None:
    follows: dict[str, float | None] = {}
    if "confusion" in model:
        follows = _class_measures(seed, model["confusion"])
    if "auc" in model:
        known = [value for value in model["auc"] if value is not None]
        follows["macro_auc"] = float(np.mean(known)) if known else None
    said = {name: value for name, value in model.items() if name in follows}
    for name, value in said.items():
        expected = follows[name]
        if (value is None) != (expected is None) or (expected is not None and abs(float(str(value)) - expected) > ROUNDING):
            raise ValueError(f"{name} {value} of the model of seed {seed}, whose other measures give {expected}")


def _class_measures(seed: str, confusion: list[list[int]]) -> dict[str, float | None]:
    """Accuracy and the classes' mean F1 of a confusion matrix; F1 is 0 for a class that neither is there nor is predicted."""
    if not confusion or {len(row) for row in confusion} != {len(confusion)} or not any(map(any, confusion)):
        raise ValueError(f"a confusion matrix of seed {seed} that is not square or counts nothing")
    counts = np.array(confusion, dtype=np.float64)
    right, both = np.diag(counts), counts.sum(axis=0) + counts.sum(axis=1)
    f1 = 2 * right / np.where(both > 0, both, 1)
    return {"accuracy": float(right.sum() / counts.sum()), "macro_f1": float(f1.mean())}
