"""What a report is about: a user's network, and windows of his own or of a registered dataset."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgbench.artifacts import ArtifactStore, artifact_key
from ecgbench.datasets import DATASETS, Request, load_dataset, request_for
from ecgbench.datasets.own.numbers import own_numbers
from ecgbench.errors import InputError
from ecgbench.inputs import as_array, as_targets, rate_of
from ecgbench.models import forward, model_digest
from ecgbench.pipeline.compute.models import TrainedModel
from ecgbench.pipeline.compute.subject import Subject, array_digest
from ecgbench.pipeline.compute.windows.explained_windows import choose, explained_windows, outputs_on_test
from ecgbench.pipeline.compute.windows.twins import with_twins
from ecgbench.protocol import OURS, OWN
from ecgbench.report._own_subject import OwnSubject, by_window, logits_by_window, models_of_windows
from ecgbench.report._windows import Own, Pairs, explained_pairs
from ecgbench.types import Dataset, Explained, Signals

if TYPE_CHECKING:
    import torch

OWN_WINDOWS = "own windows"
"""Name of a user's windows, which no registered dataset can have."""

DIGITS = 4
"""Significant digits of logits that tell one network from another; further ones depend on the processor."""


def own_subject(model: torch.nn.Module, own: Own, seed: int, batch_size: int | None, store: ArtifactStore) -> Subject:
    """The subject of a user's arrays.

    Raises
    ------
    InputError
        If the arrays do not fit each other or the network.
    """
    x = _windows("x", own.x)
    models = models_of_windows(model, len(x))
    logits = (forward(model, x) if models is None else logits_by_window(models, x)).astype(np.float64)
    pairs = explained_pairs(replace(own, x=x), logits)
    classes = _names("classes", own.classes, logits.shape[1], "class")
    dataset = _dataset(own, pairs, classes)
    kinds = () if own.masks is None else ("spans",)
    fixed: Any = {"lead": None, "leads": x.shape[1], "classes": classes, "mask_kinds": kinds, "twins": own.twin is not None}
    spec = own_numbers({}, rate_of(own.fs), x.shape[2], **fixed)
    trained = trained_model(model, logits)
    request = Request(Path(), OWN, "", "", store, spec, fetch_command="")
    normal = None if own.normal_windows is None else _windows("normal_windows", own.normal_windows)
    explained = _explained(model if models is None else models[0], pairs, logits)
    normal_class = None if own.normal is None else _normal_class(own, classes)
    subject = OwnSubject(dataset, spec, trained, explained, seed, OURS, store, request, None, batch_size, normal, normal_class)
    return subject if models is None else by_window(subject, [models[i] for i in pairs.index])


def dataset_subject(
    model: torch.nn.Module, name: str, samples: int | None, seed: int, batch_size: int | None, store: ArtifactStore
) -> Subject:
    """The subject of a registered dataset's test windows, drawn as the benchmark draws those of one model.

    Parameters
    ----------
    samples : how many windows; None for the dataset's usual number
    """
    dataset, request = load_dataset(name, store=store), request_for(name, store=store)
    spec = request.numbers
    outputs = forward(model, dataset.test.inputs(np.arange(min(4, len(dataset.test)))))
    if outputs.shape[1] != len(dataset.classes):
        raise InputError(
            f"expected a model of the {len(dataset.classes)} classes of {name} ({', '.join(dataset.classes)}), got {outputs.shape[1]} "
            "outputs; wrap it in one that orders its outputs so."
        )
    trained = trained_model(model, outputs)
    said = outputs_on_test(dataset, trained, store)
    choice = choose(dataset, [said], spec.samples if samples is None else samples, OWN)
    explained = with_twins(explained_windows(dataset, choice, said, OWN), dataset, request)
    make = DATASETS[name].continued
    continued = None if make is None else partial(make, request)
    return Subject(dataset, spec, trained, explained, seed, OURS, store, request, continued, batch_size)


def trained_model(model: torch.nn.Module, logits: np.ndarray) -> TrainedModel:
    """A user's network, told from others by its weights, its layers and what it says: its code may change and its weights stay."""
    from torch.nn import Module

    said = [[f"{value:.{DIGITS}g}" for value in row] for row in logits.tolist()]
    layers = [type(model).__module__, type(model).__qualname__, Module.__repr__(model)]  # its own may ask it
    digest = artifact_key("own model", weights=model_digest(model), layers=layers, logits=said)
    return TrainedModel(model, digest, {"origin": "imported"})


def _dataset(own: Own, pairs: Pairs, classes: tuple[str, ...]) -> Dataset:
    windows = pairs.windows
    leads = _names("leads", own.leads, windows.signal.shape[1], "lead")
    twins = {} if windows.twin is None else {"twin": array_digest(windows.twin)}
    spans = [of_window.tolist() for of_window in windows.spans]
    key = artifact_key(
        "own windows", x=array_digest(windows.signal), y=windows.y.tolist(), patient=windows.patient.tolist(), spans=spans, **twins
    )
    fs = rate_of(own.fs)
    return Dataset(OWN_WINDOWS, windows, windows, classes, fs, leads, labels=OWN, split="", edition="", key=key)


def _normal_class(own: Own, classes: tuple[str, ...]) -> int:
    if own.patient is None or own.y is None:
        raise InputError(
            "expected y and patient beside a normal class, since donors are normal windows of the same patient, got none; name them."
        )
    return int(as_targets(own.normal, 1, classes)[0])


def _explained(model: torch.nn.Module, pairs: Pairs, logits: np.ndarray) -> Explained:
    from scipy.special import expit, softmax

    several = pairs.windows.y.ndim > 1
    probability = expit(logits) if several else softmax(logits, axis=1)
    place = pairs.index, pairs.target
    neutral = forward(model, np.zeros_like(pairs.windows.signal[:1]))[0].astype(np.float64)
    chosen = pairs.windows.take(pairs.index)
    return Explained(chosen, pairs.target, logits[place], probability[place], neutral, len(pairs.index), len(pairs.index))


def _windows(name: str, values: Any) -> Signals:
    given = as_array(values)
    if given.ndim != 3 or not given.size or given.dtype.kind not in "fiu":
        raise InputError(f"expected {name} as real numbers (n, leads, time), got {given.dtype} {given.shape}; one window is x[None].")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # what float32 cannot hold becomes infinity, which is refused
        windows: Signals = given.astype(np.float32)
    if not np.isfinite(windows).all():
        raise InputError(f"expected finite {name}, got nan or infinity; leave these windows out.")
    return windows


def _names(what: str, given: Sequence[str] | None, count: int, usual: str) -> tuple[str, ...]:
    names = [f"{usual} {i}" for i in range(count)] if given is None else [str(name) for name in given]
    if len(names) != count or len(set(names)) != count:
        raise InputError(f"expected {count} different {what}, got {names}; name each of them.")
    return tuple(names)
