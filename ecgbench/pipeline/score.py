"""Scoring a user's own maps with any metric."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgbench.errors import InputError
from ecgbench.inputs import as_targets, at_least, known_options, protocol_options
from ecgbench.metrics import METRICS, MetricEntry
from ecgbench.models import known_kind
from ecgbench.needs import METRIC_NEEDS, Explain, ScoredBatch, supplied
from ecgbench.pipeline.compute.perturbed_scores import Perturbation, perturbed_scores
from ecgbench.pipeline.scored_arrays import checked_maps, fitting, further_maps, rate, twins, windows
from ecgbench.pipeline.scored_arrays import other_maps as checked_other_maps
from ecgbench.pipeline.scored_arrays import regions as checked_regions
from ecgbench.pipeline.scored_model import all_moved, usable_evaluator
from ecgbench.protocol import OURS
from ecgbench.types import EvaluateSteps, PerWindow

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
    classes: Sequence[str] | None = None,
    outputs: str | None = None,
    device: str | None = None,
    batch_size: int | None = None,
    **options: Any,
) -> PerWindow:
    """Score attributions of windows with one metric.

    Parameters
    ----------
    metric : key of a metric, see `ecgbench.metrics()`
    attributions : (n, leads, time) finite maps
    mask : (n, leads, time) bool, samples that an explanation should point at; for localisation
    x : (n, leads, time) standardised windows, as an array, a tensor, or batches (see `ecgbench.explain`); for faithfulness
    model : torch module on (n, leads, time) that returns logits (see `outputs`; `ecgbench.adapt` makes one of any other); for faithfulness
    target : the explained class, an int or (n,) ints, or names out of `classes`; for faithfulness
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
    classes : names of the model's outputs, in their order, for targets that are names
    outputs : what the model returns: "logits"; "probabilities", of which metrics that take logits get the logarithms, or of labels and of a
        single one the log-odds, clipped at -87 and at 16 in float32; "binary", one logit for each window, (n,) or (n, 1), whose sigmoid is
        the probability. Default: logits, and outputs that look like probabilities are refused
    device : where to compute; default the model's device
    batch_size : rows that pass through the model at once; default 32. Networks of this package are followed in their own, faster way
    options : those that the metric names

    Returns
    -------
    (n,) float64, nan where the metric is undefined

    Raises
    ------
    UnknownKeyError
        If there is no such metric or option.
    InputError
        If something that the metric needs is missing or does not fit, the model among it.
    """
    entry = METRICS[metric]
    options = {**protocol_options(entry.study, protocol), **known_options(metric, options, entry.options)}
    maps = checked_maps(attributions)
    batch = ScoredBatch(
        x=None if x is None else windows(x, maps),
        target=None if target is None else as_targets(target, len(maps), classes),
        mask=None if mask is None else fitting("mask", mask, maps, "b"),
        seed=seed,
        multilabel=multilabel,
        explain=explain,
        twin=None if twin is None else twins("twin", twin, maps),
        sham=None if sham is None else twins("sham", sham, maps),
        donor=None if donor is None else twins("donor", donor, maps),
        fs=None if fs is None else rate(fs),
        regions=None if regions is None else partial(checked_regions, regions, maps),
        further=None if further is None else further_maps(further, maps),
        other_maps=None if other_maps is None else checked_other_maps(other_maps, maps),
    )
    rows = None if batch_size is None else at_least("batch_size", batch_size)
    evaluated = partial(usable_evaluator, x=batch.x, outputs=known_kind(outputs), multilabel=multilabel, batch_size=rows)
    with all_moved([one for one in (model, *(other_models or ())) if one is not None], device):
        batch = replace(batch, evaluator=None if model is None else cache(partial(evaluated, model)))
        if other_models is not None and "other_shared" in entry.needs:
            batch = replace(batch, other_shared=_other_shared(entry, batch, [partial(evaluated, one) for one in other_models]))
        return np.asarray(_scores(entry, maps, batch, options), dtype=np.float64)


def _other_shared(entry: MetricEntry, batch: ScoredBatch, models: Sequence[Callable[[], EvaluateSteps]]) -> dict[str, np.ndarray]:
    assert entry.shared is not None, "only metrics that share ask for what is shared of others"
    if batch.other_maps is not None and len(models) != batch.other_maps.shape[1]:
        raise InputError(f"expected {batch.other_maps.shape[1]} other_models, one for each of other_maps, got {len(models)}; give both.")
    of_each = [replace(batch, evaluator=model) for model in models]
    found = [entry.shared(**supplied(entry.key, entry.shared_needs, METRIC_NEEDS, one)) for one in of_each]
    return {name: np.stack([one[name] for one in found], axis=1) for name in found[0]}


def _scores(entry: MetricEntry, maps: np.ndarray, batch: ScoredBatch, options: Mapping[str, Any]) -> PerWindow:
    supplied(entry.key, entry.given_needs, METRIC_NEEDS, batch)
    own = {part: options if part is entry.optional else {} for part in (entry.perturb, entry.shared, entry.function) if part is not None}
    if entry.shared is not None:
        shared = entry.shared(**supplied(entry.key, entry.shared_needs, METRIC_NEEDS, batch), **own[entry.shared])
        batch = replace(batch, shared=shared)
    if entry.perturb is not None:
        return perturbed_scores([Perturbation(entry, [maps], batch, options)])[0][0]
    return np.asarray(entry.function(maps, **supplied(entry.key, entry.needs, METRIC_NEEDS, batch), **own[entry.function]))
