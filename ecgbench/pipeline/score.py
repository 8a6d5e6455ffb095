"""Scoring a user's own maps with any metric."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgbench.errors import InputError
from ecgbench.inputs import as_array, as_targets, known_options, protocol_options
from ecgbench.metrics import METRICS, MetricEntry
from ecgbench.models import evaluator
from ecgbench.protocol import OURS
from ecgbench.types import PerWindow, Steps

if TYPE_CHECKING:
    import torch


def score(
    metric: str,
    attributions: Any,
    mask: Any = None,
    x: Any = None,
    model: torch.nn.Module | None = None,
    target: Any = None,
    seed: int = 0,
    protocol: str = OURS,
    multilabel: bool = False,
    **options: Any,
) -> PerWindow:
    """Score attributions of windows with one metric.

    Parameters
    ----------
    metric : key of a metric, see `ecgbench.metrics()`
    attributions : (n, leads, time) finite maps
    mask : (n, leads, time) bool, samples that an explanation should point at; for localisation
    x : (n, leads, time) standardised windows; for faithfulness
    model : torch module on (n, leads, time) that returns logits; for faithfulness
    target : the explained class, an int or (n,) ints; for faithfulness
    seed : of the metric's random numbers
    protocol : "ours", or "study" for the study's options
    multilabel : whether probabilities are sigmoids of the logits instead of their softmax
    options : those that the metric names

    Returns
    -------
    (n,) float64, nan where the metric is undefined

    Raises
    ------
    UnknownKeyError
        If there is no such metric or option.
    InputError
        If something that the metric needs is missing or does not fit.
    """
    entry = METRICS[metric]
    options = {**protocol_options(entry.study, protocol), **known_options(metric, options, entry.options)}
    maps = _maps(attributions)
    given = {
        "mask": None if mask is None else _fitting("mask", mask, maps, "b"),
        "x": None if x is None else _fitting("x", x, maps, "f"),
        "target": None if target is None else as_targets(target, len(maps)),
        "evaluate": model,
        "seed": seed,
        "multilabel": multilabel,
    }
    if entry.perturb is not None:
        return _scores(_perturbed(entry, entry.perturb, maps, given, options))
    if entry.shared is None:
        return _scores(entry.function(maps, **_needed(entry.key, entry.needs, given), **options))
    needed = _needed(entry.key, tuple(name for name in inspect.signature(entry.shared).parameters if name in given), given)
    return _scores(entry.function(maps, shared=entry.shared(**needed, **options)))


def _maps(attributions: Any) -> np.ndarray:
    maps = as_array(attributions)
    if maps.ndim != 3 or maps.dtype.kind != "f":
        raise InputError(f"expected attributions of floats (n, leads, time), got {maps.dtype} {maps.shape}; reshape them, one is a[None].")
    return maps


def _fitting(name: str, values: Any, maps: np.ndarray, kind: str) -> np.ndarray:
    array, wanted = as_array(values), {"b": "bool", "f": "floats"}[kind]
    if array.shape != maps.shape or array.dtype.kind != kind:
        raise InputError(f"expected {name} of {wanted} {maps.shape}, as the attributions, got {array.dtype} {array.shape}; convert it.")
    return array


def _scores(values: Any) -> PerWindow:
    return np.asarray(values, dtype=np.float64)


def _needed(key: str, needs: tuple[str, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """What is needed of what was given, the model as an evaluator."""
    absent = [{"evaluate": "model"}.get(name, name) for name in needs if given[name] is None]
    if absent:
        raise InputError(f"expected {', '.join(absent)} for {key}, got none; pass {'it' if len(absent) == 1 else 'them'} by name.")
    return {name: evaluator(given[name]) if name == "evaluate" else given[name] for name in needs}


def _perturbed(
    entry: MetricEntry, perturb: Callable[..., Steps], maps: np.ndarray, given: Mapping[str, Any], options: Mapping[str, Any]
) -> PerWindow:
    """Scores by a metric that watches the outputs while windows are perturbed."""
    needed = _needed(entry.key, ("x", "target", "evaluate", "seed", "multilabel"), given)
    steps = perturb(maps, needed["x"], needed["seed"], **options)
    needed |= {"curves": needed["evaluate"].stepwise(needed["x"], steps), "steps": steps.count}
    scores: PerWindow = entry.function(**{name: needed[name] for name in entry.needs})
    return scores
