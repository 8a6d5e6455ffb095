"""Scoring a user's own maps with any metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgbench.errors import InputError
from ecgbench.inputs import as_array, as_targets, finite, known_options, protocol_options
from ecgbench.metrics import METRICS, MetricEntry
from ecgbench.models import evaluator
from ecgbench.needs import METRIC_NEEDS, Explain, ScoredBatch, supplied
from ecgbench.pipeline.compute.perturbed_scores import Perturbation, perturbed_scores
from ecgbench.protocol import OURS
from ecgbench.types import CORE, RHYTHM, EvaluateSteps, PerWindow

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
    explain: Explain | None = None,
    twin: Any = None,
    sham: Any = None,
    donor: Any = None,
    fs: float | None = None,
    regions: Any = None,
    further: Any = None,
    other_maps: Any = None,
    other_models: Sequence[torch.nn.Module] | None = None,
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
    multilabel : whether probabilities are sigmoids of the logits instead of their softmax; those of a model of one output always are
    explain : `explain(x, target, seed)` returns the same method's maps of other windows; for metrics that ask for it
    twin : (n, leads, time), each window as it would be without what makes its label, standardised by the window's own mean and standard
        deviation; nan throughout where there is none. For causal faithfulness
    sham : the same after an exchange of what does not make the label; by default no window has one
    donor : (n, leads, time), what the patient's normal ECG has at each window's cardiac phases, standardised as the twin is; nan throughout
        where there is none. For faithfulness by donors
    fs : sampling rate in Hz; for metrics whose patches have a duration
    regions : (n, leads, time) uint8, 1 at samples of the label's beats from P to T, 2 in the rest of the stretches from the R peak before
        each to the one behind it, 0 elsewhere; for shares of waves
    further : (n, k, leads, time) maps of the same method in a changed situation, such as k of each window with noise, nan where there are
        fewer; for sanity checks, each of which says what it compares a map with
    other_maps : (n, models, leads, time), the same method's maps by other trainings of the model; for consistency
    other_models : these trainings, in the same order; for metrics that compare what the models rest on
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
    batch = ScoredBatch(
        x=None if x is None else finite("x", _fitting("x", x, maps, "f")),
        target=None if target is None else as_targets(target, len(maps)),
        mask=None if mask is None else _fitting("mask", mask, maps, "b"),
        seed=seed,
        multilabel=multilabel,
        evaluator=None if model is None else cache(partial(_usable_evaluator, model)),
        explain=explain,
        twin=None if twin is None else _twins("twin", twin, maps),
        sham=None if sham is None else _twins("sham", sham, maps),
        donor=None if donor is None else _twins("donor", donor, maps),
        fs=None if fs is None else _rate(fs),
        regions=None if regions is None else partial(_regions, regions, maps),
        further=None if further is None else _further(further, maps),
    )
    if other_maps is not None:
        batch = replace(batch, other_maps=_other_maps(other_maps, maps))
    if other_models is not None and "other_shared" in entry.needs:
        batch = replace(batch, other_shared=_other_shared(entry, batch, other_models))
    return np.asarray(_scores(entry, maps, batch, options), dtype=np.float64)


def _other_maps(values: Any, maps: np.ndarray) -> np.ndarray:
    others = as_array(values)
    fits = others.ndim == 4 and others.dtype.kind == "f" and others.shape[1] and (len(others), *others.shape[2:]) == maps.shape
    if not fits:
        wanted = f"({len(maps)}, models, {', '.join(map(str, maps.shape[1:]))})"
        raise InputError(f"expected other_maps of floats {wanted}, got {others.dtype} {others.shape}; stack the models' maps on axis 1.")
    return finite("other_maps", others)


def _other_shared(entry: MetricEntry, batch: ScoredBatch, models: Sequence[torch.nn.Module]) -> dict[str, np.ndarray]:
    assert entry.shared is not None, "only metrics that share ask for what is shared of others"
    if batch.other_maps is not None and len(models) != batch.other_maps.shape[1]:
        raise InputError(f"expected {batch.other_maps.shape[1]} other_models, one for each of other_maps, got {len(models)}; give both.")
    of_each = [replace(batch, evaluator=partial(_usable_evaluator, model)) for model in models]
    found = [entry.shared(**supplied(entry.key, entry.shared_needs, METRIC_NEEDS, one)) for one in of_each]
    return {name: np.stack([one[name] for one in found], axis=1) for name in found[0]}


def _twins(name: str, values: Any, maps: np.ndarray) -> np.ndarray:
    twins = _fitting(name, values, maps, "f")
    has = ~np.isnan(twins).all(axis=(1, 2))
    finite(name, np.where(has[:, None, None], twins, 0))
    return twins


def _regions(values: Any, maps: np.ndarray) -> np.ndarray:
    regions = _fitting("regions", values, maps, "u")
    if regions.size and regions.max() > RHYTHM:
        raise InputError(f"expected regions 0, {CORE} and {RHYTHM}, got {regions.max()}; see `ecgbench.types`.")
    return regions


def _further(values: Any, maps: np.ndarray) -> np.ndarray:
    further = as_array(values)
    if further.ndim != 4 or (len(further), *further.shape[2:]) != maps.shape or further.dtype.kind != "f":
        n, *size = maps.shape
        raise InputError(
            f"expected further of floats ({n}, any number, {', '.join(map(str, size))}), got {further.dtype} {further.shape}; give maps of "
            "the same windows."
        )
    return further


def _rate(fs: Any) -> float:
    if isinstance(fs, bool) or not isinstance(fs, int | float | np.integer | np.floating) or not 0 < fs < np.inf:
        raise InputError(f"expected fs as a sampling rate in Hz above 0, got {fs!r}; name the one of x.")
    return float(fs)


def _usable_evaluator(model: torch.nn.Module) -> EvaluateSteps:
    from ecgbench.nn import usable

    return evaluator(usable(model))


def _scores(entry: MetricEntry, maps: np.ndarray, batch: ScoredBatch, options: Mapping[str, Any]) -> PerWindow:
    supplied(entry.key, entry.given_needs, METRIC_NEEDS, batch)
    own = {part: options if part is entry.optional else {} for part in (entry.perturb, entry.shared, entry.function) if part is not None}
    if entry.shared is not None:
        shared = entry.shared(**supplied(entry.key, entry.shared_needs, METRIC_NEEDS, batch), **own[entry.shared])
        batch = replace(batch, shared=shared)
    if entry.perturb is not None:
        return perturbed_scores([Perturbation(entry, [maps], batch, options)])[0][0]
    return np.asarray(entry.function(maps, **supplied(entry.key, entry.needs, METRIC_NEEDS, batch), **own[entry.function]))


def _maps(attributions: Any) -> np.ndarray:
    maps = as_array(attributions)
    if maps.ndim != 3 or maps.dtype.kind != "f":
        raise InputError(f"expected attributions of floats (n, leads, time), got {maps.dtype} {maps.shape}; reshape them, one is a[None].")
    return maps


def _fitting(name: str, values: Any, maps: np.ndarray, kind: str) -> np.ndarray:
    array, wanted = as_array(values), {"b": "bool", "f": "floats", "u": "uint8"}[kind]
    if array.shape != maps.shape or array.dtype.kind != kind:
        raise InputError(f"expected {name} of {wanted} {maps.shape}, as the attributions, got {array.dtype} {array.shape}; convert it.")
    return array
