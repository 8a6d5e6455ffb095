"""Trials of datasets: their numbers, and their windows where these need no files."""

from __future__ import annotations

import numpy as np

from ecgbench.datasets import DatasetEntry, Request, load_dataset, request_for
from ecgbench.models import MODELS
from ecgbench.protocol import DatasetProtocol
from ecgbench.testing._report import require
from ecgbench.types import CORE, RHYTHM, Dataset, Signals, Twins, Windows

MASKS = ("spans", "causal")

LABELS_TRIED = 30
"""Labels whose twins are tried, of a dataset that makes them for the windows that are explained."""


def says_what_a_user_must_know(entry: DatasetEntry) -> None:
    """It has a title, a licence and a source."""
    for name in ("title", "licence", "source"):
        said = getattr(entry, name)
        require(isinstance(said, str) and said.strip(), entry, f"a {name}", repr(said), "users must know it")
    needless = entry.megabytes == 0 and entry.files is None
    whole = needless or (entry.megabytes > 0 and bool(entry.protocol.slug))
    got = f"{entry.megabytes} MB, files {entry.files is not None}, slug {entry.protocol.slug!r}"
    require(whole, entry, "a size and a slug where it needs records, and neither where it needs none", got, "declare all or none")


def options_are_offered_once(entry: DatasetEntry) -> None:
    """Labels, splits and editions are each named once, and there is a default."""
    for name, offered in (("labels", entry.labels), ("splits", entry.splits), ("editions", entry.edition_names)):
        require(len(set(offered)) == len(offered) >= 1, entry, f"{name} that are each named once", offered, "name at least a default")
    study = not entry.study_split or entry.study_split in entry.splits
    require(study, entry, f"a study_split among {', '.join(entry.splits)}", entry.study_split, "offer it in splits")


def numbers_are_consistent(entry: DatasetEntry) -> None:
    """The numbers of every edition are positive, and what they name exists."""
    for edition in entry.edition_names:
        numbers = entry.numbers(edition)
        _require_numbers(entry, numbers)
        _require_names(entry, numbers)
        _require_sides(entry, numbers)


def _require_numbers(entry: DatasetEntry, numbers: DatasetProtocol) -> None:
    for name in ("fs", "window", "patch", "perturbations", "baselines", "leads", "samples", "window_batch"):
        value = getattr(numbers, name)
        require(value > 0, entry, f"a positive {name}", value, "mend its numbers")
    require(0 < numbers.threshold < 1, entry, "a threshold between 0 and 1", numbers.threshold, "choose a probability")
    require(numbers.patch <= numbers.window, entry, f"a patch of at most {numbers.window} samples", numbers.patch, "choose a smaller one")
    lead = numbers.lead is None or numbers.lead >= 0
    require(lead, entry, "the index of a lead, or None", numbers.lead, "count leads from 0")


def _require_names(entry: DatasetEntry, numbers: DatasetProtocol) -> None:
    classes, seeds = numbers.classes, numbers.seeds
    require(len(set(classes)) == len(classes) >= 2, entry, "at least two classes, each named once", classes, "mend classes")
    once = len(set(numbers.all_seeds)) == len(numbers.all_seeds)
    require(once and len(seeds) >= 1, entry, "at least one seed, each named once", numbers.all_seeds, "mend seeds and further_seeds")
    known = numbers.precision in ("float32", "float64")
    require(known, entry, "a precision of float32 or float64", numbers.precision, "name one of these")
    kinds = numbers.mask_kinds
    fits = kinds == tuple(kind for kind in MASKS if kind in kinds)
    require(fits, entry, 'mask_kinds among "spans" and "causal", in this order', kinds, "mend mask_kinds")
    strangers = sorted({*numbers.not_explained, *filter(None, [numbers.normal])} - set(classes))
    require(not strangers, entry, "normal labels and those that are not explained among its classes", ", ".join(strangers), "mend them")
    architecture = numbers.recipe.architecture
    require(architecture in MODELS, entry, f"a recipe of {', '.join(MODELS.keys())}", architecture, "name a registered model")


def _require_sides(entry: DatasetEntry, numbers: DatasetProtocol) -> None:
    records = (*numbers.train, *numbers.test)
    require(len(set(records)) == len(records), entry, "records that stand on one side once", "one twice", "mend train and test")
    sides = bool(numbers.train) == bool(numbers.test)
    require(sides, entry, "records of both sides, or of none", f"{len(numbers.train)} and {len(numbers.test)}", "name both")
    strangers = sorted(set(numbers.patients) - set(records)) if records else []
    require(not strangers, entry, "patients of its records", ", ".join(strangers[:5]), "leave the others out")


def windows_fit_the_numbers(entry: DatasetEntry) -> None:
    """What is loaded is what the numbers say, under every choice of labels and split; not tried where records are needed."""
    if entry.files is not None or entry.protocol.slug:
        return
    for labels in entry.labels:
        for split in entry.splits:
            loaded = load_dataset(entry.key, labels=labels, split=split)
            _require_dataset(entry, loaded)
            for side, windows in (("train", loaded.train), ("test", loaded.test)):
                _require_windows(entry, side, windows)
                _require_labels(entry, side, windows)
                _require_causes(entry, side, windows)
            _require_made(entry, request_for(entry.key, labels=labels, split=split), loaded.test)


def _require_dataset(entry: DatasetEntry, loaded: Dataset) -> None:
    numbers = entry.protocol
    pairs = {"name": entry.key, "classes": numbers.classes, "fs": numbers.fs}
    for name, wanted in pairs.items():
        found = getattr(loaded, name)
        require(found == wanted, entry, f"a dataset with {name} {wanted}", found, "return what its numbers say")
    require(len(loaded.leads) == numbers.leads, entry, f"names of {numbers.leads} leads", loaded.leads, "name each lead")
    again = load_dataset(entry.key, labels=loaded.labels, split=loaded.split)
    require(again.key == loaded.key, entry, "equal keys of equal windows", "others", "let the key depend on records and options alone")


def _require_windows(entry: DatasetEntry, side: str, windows: Windows) -> None:
    numbers, count = entry.protocol, len(windows)
    require(count > 0, entry, f"windows of {side}", "none", "mend the split")
    shape = (count, numbers.leads, numbers.window)
    fits = windows.signal.shape == shape and windows.signal.dtype == np.float32
    require(fits, entry, f"float32 signals {shape} of {side}", f"{windows.signal.dtype} {windows.signal.shape}", "cut windows of that form")
    require(np.isfinite(windows.signal).all(), entry, f"finite signals of {side}", "nan or infinity", "leave such windows out")
    for name in ("y", "record", "patient", "start", "spans"):
        length = len(getattr(windows, name))
        require(length == count, entry, f"{name} of {count} windows of {side}", length, "give one for each window")


def _require_causes(entry: DatasetEntry, side: str, windows: Windows) -> None:
    """Causal masks and twins as they are declared."""
    shape, numbers, made = windows.signal.shape, entry.protocol, entry.twins is not None
    causal = None if windows.causal is None else windows.causal.shape
    wanted = shape if "causal" in numbers.mask_kinds and (not made or causal) else None
    require(causal == wanted, entry, f"causal masks {wanted} of {side}, as mask_kinds says", causal, "declare what there is")
    twins = None if windows.twin is None else windows.twin.shape
    expected = not made and side == "test"
    wanted = shape if numbers.twins and (expected or twins) else None
    require(twins == wanted, entry, f"twins {wanted} of {side}, as twins says", twins, "declare what there is")
    if windows.twin is not None:
        _require_whole(entry, side, "twin", windows.twin)


def _require_whole(entry: DatasetEntry, side: str, what: str, signal: Signals) -> None:
    whole = np.isfinite(signal).all(axis=(1, 2)) | np.isnan(signal).all(axis=(1, 2))
    require(whole.all(), entry, f"each {what} of {side} finite or nan throughout", "others", "leave out what is not whole")


def _require_made(entry: DatasetEntry, request: Request, windows: Windows) -> None:
    """What a dataset makes for the first labels of its test windows."""
    y = windows.y if windows.y.ndim == 2 else windows.y[:, None] == np.arange(len(entry.protocol.classes))
    index, target = (places[:LABELS_TRIED] for places in np.nonzero(y))
    if entry.twins is not None:
        _require_twins(entry, entry.twins(request, windows.take(index), target), windows.signal[index].shape)
    if entry.regions is not None:
        _require_regions(entry, entry.regions(request, windows.take(index), target), windows.signal[index].shape)


def _require_regions(entry: DatasetEntry, found: np.ndarray, shape: tuple[int, ...]) -> None:
    fits = found.shape == shape and found.dtype == np.uint8
    require(fits, entry, f"uint8 regions {shape}", f"{found.dtype} {found.shape}", "tell one for each sample")
    require(found.max(initial=0) <= RHYTHM, entry, f"regions 0, {CORE} and {RHYTHM}", found.max(initial=0), "tell these apart alone")


def _require_twins(entry: DatasetEntry, made: Twins, shape: tuple[int, ...]) -> None:
    for what, signal in (("twin", made.twin), ("sham", made.sham)):
        fits = signal.shape == shape and signal.dtype == np.float32
        require(fits, entry, f"float32 {what} {shape}", f"{signal.dtype} {signal.shape}", "make one for each window")
        _require_whole(entry, "test", what, signal)


def _require_labels(entry: DatasetEntry, side: str, windows: Windows) -> None:
    numbers, y = entry.protocol, windows.y
    outputs = len(numbers.classes)
    single = y.ndim == 1 and y.dtype == np.int64 and 0 <= y.min() <= y.max() < outputs
    several = y.ndim == 2 and y.shape[1] == outputs and set(np.unique(y).tolist()) <= {0, 1}
    require(single or several, entry, f"labels of {outputs} classes of {side}", f"{y.dtype} {y.shape}", "return classes or 0 and 1 a label")
    for i, spans in enumerate(windows.spans):
        within = spans.shape[1:] in ((3,), (4,)) and (
            not len(spans)
            or (
                (spans[:, 0] >= 0).all()
                and (spans[:, 0] < spans[:, 1]).all()
                and spans[:, 1].max() <= numbers.window
                and 0 <= spans[:, 2].min() <= spans[:, 2].max() < outputs
                and 0 <= spans[:, 3:].min(initial=0) <= spans[:, 3:].max(initial=0) < numbers.leads
            )
        )
        require(
            within,
            entry,
            f"spans (onset, offset, class, or also lead) within window {i} of {side}",
            spans.tolist(),
            "cut them to the window",
        )


TRIALS = (says_what_a_user_must_know, options_are_offered_once, numbers_are_consistent, windows_fit_the_numbers)
