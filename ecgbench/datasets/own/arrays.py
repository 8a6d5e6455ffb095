"""A user's own arrays as a dataset."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ecgbench.artifacts import artifact_key
from ecgbench.datasets._names import abbreviated
from ecgbench.datasets._registry import DatasetEntry
from ecgbench.datasets.own.numbers import OWN, STANDARD, names_of, own_numbers, register_own
from ecgbench.datasets.records.request import Request
from ecgbench.errors import InputError
from ecgbench.types import Dataset, Windows


@dataclass(frozen=True)
class OwnArrays:
    """The function of a dataset of arrays: it returns the windows that were registered.

    Attributes
    ----------
    key : of the dataset
    leads, notes : as those of `Dataset`
    digest : key of the windows; two of these are equal if their digests are, so that the windows need no comparison
    train, test : the windows
    """

    key: str
    leads: tuple[str, ...]
    notes: tuple[str, ...]
    digest: str
    train: Windows = field(compare=False, repr=False)
    test: Windows = field(compare=False, repr=False)

    @property
    def __name__(self) -> str:
        return self.key

    def __call__(self, request: Request) -> Dataset:
        """Load the windows as they were registered."""
        return Dataset(
            name=self.key,
            train=self.train,
            test=self.test,
            classes=request.numbers.classes,
            fs=request.numbers.fs,
            leads=self.leads,
            labels=request.labels,
            split=request.split,
            edition=request.edition,
            key=self.digest,
            notes=self.notes,
        )


def register_arrays(
    key: str,
    train: Windows,
    test: Windows,
    classes: Sequence[str],
    fs: float,
    leads: Sequence[str] | None = None,
    title: str | None = None,
    licence: str = OWN,
    reference: str = "own data",
    notes: Sequence[str] = (),
    **numbers: Any,
) -> DatasetEntry:
    """Register windows as a dataset. Artifacts of equal windows are found again, in another process and under another key too.

    Localisation is scored where a window has spans, causal faithfulness where it has a twin; a dataset without any has no such cells.

    Parameters
    ----------
    key : of the dataset: small letters, digits and underscores
    train, test : the sides, made by `ecgbench.windows`
    classes : names of the classes or labels, in the order of their integers or columns
    fs : Hz
    leads : names of the leads; by default "lead 0" and so on
    title, licence, reference : what lists and pages say of the dataset; the title is by default its key
    notes : what a reader of the results must know, a sentence each
    numbers : as those of `register_records`

    Raises
    ------
    InputError
        If an argument is invalid, the sides differ in leads, samples or kind of y, or y or a span has a class that is not among the
        classes.
    DuplicateKeyError
        If another dataset has the key.
    """
    classes = names_of("classes", classes, least=2)
    for side, windows in (("train", train), ("test", test)):
        _check_classes(side, windows, len(classes))
    _check_alike(train, test)
    count, time = train.signal.shape[1:]
    annotated = any(len(spans) for windows in (train, test) for spans in windows.spans)
    kinds, twins = ("spans",) if annotated else (), test.twin is not None
    protocol = own_numbers(numbers, fs, time, lead=None, leads=count, classes=classes, mask_kinds=kinds, twins=twins)
    all_notes = (*names_of("notes", notes, least=0), *_notes(train, test, annotated))
    own = OwnArrays(key, _leads(leads, count), all_notes, _digest(train, test, len(classes)), train, test)
    offered = {"labels": (OWN,), "splits": (STANDARD,)}
    return register_own(own, protocol, title, licence=licence, reference=reference, source="arrays", **offered)


def _check_classes(side: str, windows: Any, count: int) -> None:
    if not isinstance(windows, Windows):
        raise InputError(f"expected {side} as windows, got {type(windows).__name__}; make them with ecgbench.windows(x, y).")
    if windows.y.ndim == 2 and windows.y.shape[1] != count:
        raise InputError(f"expected y of {side} with a column for each of {count} classes, got {windows.y.shape[1]}; name each in classes.")
    if windows.y.ndim == 1 and windows.y.max() >= count:
        raise InputError(f"expected y of {side} within 0..{count - 1}, got {windows.y.max()}; name every class in classes.")
    for i, spans in enumerate(windows.spans):
        if spans[:, 2].max(initial=0) >= count:
            raise InputError(
                f"expected spans of {side} with classes within 0..{count - 1}, got {spans[:, 2].max()} in window {i}; name every class in "
                "classes."
            )


def _check_alike(train: Windows, test: Windows) -> None:
    if train.signal.shape[1:] != test.signal.shape[1:]:
        raise InputError(
            f"expected as many leads and samples on both sides, got {train.signal.shape[1:]} and {test.signal.shape[1:]}; cut them alike."
        )
    if train.y.ndim != test.y.ndim:
        raise InputError(f"expected one kind of y on both sides, got {train.y.shape} and {test.y.shape}; pass classes or labels for both.")


def _leads(names: Sequence[str] | None, count: int) -> tuple[str, ...]:
    leads = tuple(f"lead {i}" for i in range(count)) if names is None else names_of("leads", names)
    if len(leads) != count:
        raise InputError(f"expected names of {count} leads, got {len(leads)}; name each lead of x.")
    return leads


def _notes(train: Windows, test: Windows, annotated: bool) -> tuple[str, ...]:
    notes = []
    shared = np.intersect1d(train.patient, test.patient).tolist()
    if shared:
        notes.append(f"Patients on both sides of the split: {abbreviated(shared)}.")
    if not annotated:
        notes.append("No beat is annotated, so localisation is undefined here.")
    return tuple(notes)


def _digest(train: Windows, test: Windows, classes: int) -> str:
    """Key of the windows. It depends on the number of classes too, which is a model's number of outputs."""
    return artifact_key("dataset", own=1, classes=classes, train=_side_digest(train), test=_side_digest(test))


def _side_digest(windows: Windows) -> str:
    edges = np.cumsum([len(spans) for spans in windows.spans], dtype=np.int64)
    names = [windows.record.tolist(), windows.patient.tolist()]
    digest = hashlib.sha256(repr(names).encode())
    twins = [] if windows.twin is None else [windows.twin]
    for array in (windows.signal, windows.y, windows.start, edges, *windows.spans, *twins):
        digest.update(f"{array.dtype.str}{array.shape}".encode() + array.tobytes())
    return digest.hexdigest()
