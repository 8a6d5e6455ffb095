"""`evaluate`: a board of one's own network and windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgbench.artifacts import ArtifactStore
from ecgbench.inputs import at_least
from ecgbench.leaderboard.site.build import methods_in_order
from ecgbench.leaderboard.site.explorer.case import Shown
from ecgbench.leaderboard.statistics.analysis import Analysis, analyse
from ecgbench.models import with_extra
from ecgbench.nn import device_named, frozen, place_of, usable
from ecgbench.pipeline.compute.subject import Subject
from ecgbench.pipeline.compute.windows.turns import share_out
from ecgbench.pipeline.grid.address import ABSOLUTE, variant_name
from ecgbench.report._board import board_of_measured
from ecgbench.report._measure import Measured, Refusal, chosen_metrics, chosen_sources, measure_all
from ecgbench.report._report import Picture, Report
from ecgbench.report._subject import dataset_subject, own_subject
from ecgbench.report._verdict import cautions, ordered_families, recommended
from ecgbench.report._windows import Own
from ecgbench.report.explorer.own import shown_of
from ecgbench.types import standardise

if TYPE_CHECKING:
    import torch

PICTURES, BEST = 4, 3
"""Windows of the gallery, and methods whose maps it shows of each."""


def evaluate(
    model: torch.nn.Module,
    x: Any,
    y: Any = None,
    masks: Any = None,
    patient: Any = None,
    twin: Any = None,
    methods: Sequence[str] | None = None,
    metrics: Sequence[str] | None = None,
    fs: float | None = None,
    classes: Sequence[str] | None = None,
    leads: Sequence[str] | None = None,
    seed: int = 0,
    device: str | None = None,
    batch_size: int | None = None,
    normal_windows: Any = None,
    normal: int | str | None = None,
    store: str | Path | ArtifactStore | None = None,
    extra: Any = None,
) -> Report:
    """Find out which attribution methods can be trusted on a network, by all controls and every metric whose needs are met.

    What was computed is kept, so that a call that was cut off goes on where it stopped. A window is explained where the network predicts
    the class that it has, as on the leaderboards.

    Parameters
    ----------
    model : torch module on (n, leads, time) that returns logits (n, outputs); left unchanged
    x : (n, leads, time), as the model takes it; metrics of faithfulness replace samples by 0, which is the mean where x is standardised
    y : (n,) ints, the class of each window, or (n, outputs) of 0 and 1 where it can have several; by default what the model predicts
    masks : (n, leads, time) bool, the samples that an explanation should point at; without them localisation is not scored
    patient : (n,) names or numbers; intervals draw patients anew. By default each window is a patient of its own, so that they
        are too narrow where patients have several windows
    twin : (n, leads, time), each window as it would be without what makes its class, nan throughout where there is none; without them
        causal faithfulness is not scored
    methods, metrics : keys or globs; by default all. Controls are always among them
    fs : sampling rate in Hz, which must be given
    classes, leads : names of the outputs and of the leads
    seed : of methods' and metrics' random numbers
    device : where to compute; by default the model's device
    batch_size : rows that pass through the model at once, which bounds memory
    normal_windows : (m, leads, time) windows of the normal class as the model takes them, for methods that compare with them
    normal : the class, or its name, whose windows are normal; of the normal windows of its patient a window gets a donor, by which
        faithfulness is scored without masks or twins. Needs `y` and `patient`
    store : folder, or store, of what is computed; by default `ECGBENCH_CACHE`
    extra : further inputs of the model (age, sex), as `ecgbench.adapt` takes them: with a row for each window of x, each window is asked
        of, explained and scored with its own

    Returns
    -------
    Report

    Raises
    ------
    InputError
        If an argument is not as described, the model predicts no window's class, or no method applies.
    UnknownKeyError
        If there is no such method or metric.
    """
    own = Own(x, y, masks, patient, twin, fs, classes, leads, normal_windows, normal)
    batch = None if batch_size is None else at_least("batch_size", batch_size)
    model = model if extra is None else with_extra(model, extra)
    with _placed(model, device):
        subject = own_subject(model, own, seed, batch, _store(store))
        return _report(subject, methods, metrics, _notes_on(own, subject))


def evaluate_on(
    model: torch.nn.Module,
    dataset: str,
    samples: int | None = None,
    methods: Sequence[str] | None = None,
    metrics: Sequence[str] | None = None,
    seed: int = 0,
    device: str | None = None,
    batch_size: int | None = None,
    store: str | Path | ArtifactStore | None = None,
) -> Report:
    """The same on a registered dataset's test windows, drawn as the benchmark draws those of one model.

    Parameters
    ----------
    dataset : key of the dataset
    samples : how many windows; by default the dataset's usual number
    """
    with _placed(model, device):
        subject = dataset_subject(model, dataset, samples, seed, batch_size, _store(store))
        count = len(subject.explained.target)
        notes = (f"{count} test windows of {dataset} that the model recognises, of {subject.explained.available}.", *subject.dataset.notes)
        return _report(subject, methods, metrics, notes)


@contextmanager
def _placed(model: torch.nn.Module, device: str | None) -> Iterator[None]:
    """The model on a device, held still; afterwards it is as it was."""
    home = place_of(usable(model)).device
    with frozen(model):
        model.to(home if device is None else device_named(device))
        try:
            yield
        finally:
            model.to(home)


def _store(store: str | Path | ArtifactStore | None) -> ArtifactStore:
    if isinstance(store, ArtifactStore):
        return store
    return ArtifactStore() if store is None else ArtifactStore(Path(store))


def _report(subject: Subject, methods: Sequence[str] | None, metrics: Sequence[str] | None, notes: tuple[str, ...]) -> Report:
    measured, refused = measure_all(subject, chosen_sources(subject, methods), chosen_metrics(subject, metrics))
    analysis = analyse(board_of_measured(subject, measured))
    pictures = _pictures(subject, analysis, measured)
    return Report(
        analysis=analysis,
        illness={one.source.key: one.illness for one in measured if one.illness},
        refused=dict(map(_named, refused)),
        notes=(*notes, *cautions(analysis)),
        fs=subject.dataset.fs,
        leads=subject.dataset.leads,
        pictures=pictures,
        shown=_explored(subject, analysis, measured, pictures),
    )


def _explored(subject: Subject, analysis: Analysis, measured: Sequence[Measured], pictures: Sequence[Picture]) -> Shown:
    """What the report's explorer shows, beginning with the maps of its pictures."""
    drawn = pictures[0].maps
    keys = [one.source.key for one in measured]
    first = [key for key in keys if not drawn.keys().isdisjoint((key, variant_name(key, ABSOLUTE), f"control: {key}"))]
    return shown_of(subject, measured, methods_in_order(analysis), first)


def _named(refusal: Refusal) -> tuple[str, str]:
    return f"{refusal.source}: {refusal.metric}" if refusal.metric else refusal.source, refusal.reason


def _notes_on(own: Own, subject: Subject) -> tuple[str, ...]:
    explained, given = len(subject.explained.target), len(subject.dataset.test)
    what = "whose predicted class is explained" if own.y is None else "whose class the model predicts"
    notes = [f"{explained} explanations of {given} windows, {what}."]
    if own.patient is None:
        notes.append("No patients were named: each window counts as a patient, so that intervals are too narrow where some share one.")
    if own.masks is None:
        notes.append("No masks were given: localisation is not scored.")
    centre, spread = np.abs(subject.dataset.test.x.mean(axis=2)).mean(), subject.dataset.test.x.std(axis=2).mean()
    if centre > spread / 2:
        notes.append("The windows' means are far from 0, by which metrics of faithfulness replace samples: standardise the windows.")
    return tuple(notes)


def _pictures(subject: Subject, analysis: Analysis, measured: Sequence[Measured]) -> tuple[Picture, ...]:
    """The same few windows, classes and patients in turn, for the best methods and a control."""
    explained = subject.explained
    shown = _shown(analysis, measured)
    masks = explained.windows.true_masks(explained.target) if subject.spec.mask_kinds else np.zeros(explained.windows.x.shape, dtype=bool)
    pictures = []
    for place in share_out(explained.windows, explained.target)[:PICTURES].tolist():
        title = f"{subject.dataset.classes[explained.target[place]]}, patient {explained.windows.patient[place]}"
        maps = {name: np.array(values[place]) for name, values in shown.items()}
        pictures.append(Picture(title, standardise(explained.windows.signal[place][None])[0], masks[place], maps))
    return tuple(pictures)


def _shown(analysis: Analysis, measured: Sequence[Measured]) -> dict[str, np.ndarray]:
    """Maps of the best methods, those that are recommended first, and of the control with the most best scores."""
    by_key, board = {one.source.key: one for one in measured}, analysis.board
    ordered = [variant for family in ordered_families(analysis) for variant in recommended(analysis, family)[:2]]
    ordered += [(str(source), str(variant)) for source, variant in board.places.mean(axis=1).dropna().sort_values().index]
    found: dict[str, np.ndarray] = {}
    for source, variant in dict.fromkeys(ordered):
        if len(found) < BEST and source not in board.blind and source not in {name.removesuffix("_abs") for name in found}:
            values = by_key[source].maps.values
            found[variant_name(source, variant)] = np.abs(values) if variant == ABSOLUTE else values
    if not found:  # nothing orders them
        usual = [one for one in measured if one.source.key not in board.controls and one.source.key not in board.blind]
        found = {one.source.key: one.maps.values for one in usual[:BEST]}
    best = [control[0] for column in board.columns if column.ranked and (control := analysis.best_control(column)) is not None]
    for key in sorted(set(best), key=best.count, reverse=True)[:1]:
        found[f"control: {key}"] = by_key[key].maps.values
    return found
