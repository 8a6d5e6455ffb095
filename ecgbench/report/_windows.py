"""A user's windows as they are passed to his own network, and which of them are explained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from ecgbench.datasets import windows as checked_windows
from ecgbench.errors import InputError
from ecgbench.inputs import as_array
from ecgbench.types import Masks, Signals, Spans, Windows

MULTILABEL = 2
"""Axes of y where a window can have several labels."""


@dataclass(frozen=True)
class GivenWindows(Windows):
    """Windows whose signal is what the network takes, so that it is not standardised once more."""

    @cached_property
    def x(self) -> Signals:
        """The signal as it was given: (n, leads, time) float32."""
        return self.signal

    def as_inputs(self, other: Signals) -> Signals:
        """Another signal of these windows, which is in their units."""
        return other

    def inputs(self, index: Int64[np.ndarray, " m"]) -> Float32[np.ndarray, "m leads time"]:
        """The windows at `index`, as they were given."""
        signal: Signals = np.array(self.signal[index])
        return signal


@dataclass(frozen=True)
class Pairs:
    """What is explained: windows with a class that the network predicts.

    Attributes
    ----------
    windows : all that were given
    index, target : (m,) of the explained windows, and the class
    available : how many windows, or labels of windows, could have been
    """

    windows: GivenWindows
    index: Int64[np.ndarray, " m"]
    target: Int64[np.ndarray, " m"]
    available: int


@dataclass(frozen=True)
class Own:
    """A user's arrays, as `evaluate` takes them."""

    x: Any
    y: Any = None
    masks: Any = None
    patient: Any = None
    twin: Any = None
    fs: Any = None
    classes: Sequence[str] | None = None
    leads: Sequence[str] | None = None
    normal_windows: Any = None
    normal: Any = None


def explained_pairs(own: Own, logits: Float64[np.ndarray, "n outputs"]) -> Pairs:
    """The windows, checked, of which the network predicts a class that they have.

    Parameters
    ----------
    logits : of the windows

    Raises
    ------
    InputError
        If they do not fit each other, or the network predicts none of the classes.
    """
    labels = _labels(own.y, logits)
    predicted = logits >= 0 if labels.ndim == MULTILABEL else logits.argmax(axis=1)[:, None] == np.arange(logits.shape[1])
    has = labels.astype(bool) if labels.ndim == MULTILABEL else labels[:, None] == np.arange(logits.shape[1])
    index, target = np.nonzero(has & predicted)
    if not index.size:
        raise InputError(
            f"expected windows of a class that the model predicts, got none of {len(labels)}; check how x is scaled and the order of the "
            "classes, or leave y out to explain what is predicted."
        )
    checked = checked_windows(own.x, labels, patient=own.patient, twin=own.twin)
    given = {name: getattr(checked, name) for name in ("signal", "y", "record", "patient", "start", "twin")}
    spans = checked.spans if own.masks is None else _spans(_masks(own.masks, checked.signal), has)
    return Pairs(GivenWindows(**given, spans=spans), index, target.astype(np.int64), int(has.sum()))


def _labels(y: Any, logits: Float64[np.ndarray, "n outputs"]) -> np.ndarray:
    n, outputs = logits.shape
    if y is None:
        return np.ones((n, 1), dtype=np.uint8) if outputs == 1 else logits.argmax(axis=1)
    given = as_array(y)
    if given.dtype.kind not in "iub" or given.shape not in ((n,), (n, outputs)):
        raise InputError(f"expected y as ({n},) ints or ({n}, {outputs}) of 0 and 1, got {given.dtype} {given.shape}; one row a window.")
    most = 1 if outputs == 1 or given.ndim == MULTILABEL else outputs - 1
    if given.min() < 0 or given.max() > most:
        raise InputError(f"expected y within 0..{most}, as the model's outputs, got {given.min()}..{given.max()}; number the classes so.")
    return given[:, None] if outputs == 1 and given.ndim == 1 else given


def _masks(masks: Any, signal: Signals) -> Masks:
    given = as_array(masks)
    if given.shape != signal.shape or given.dtype.kind != "b":
        raise InputError(f"expected masks of bool {signal.shape}, as x, got {given.dtype} {given.shape}; broadcast one lead's to all.")
    return given


def _spans(masks: Masks, has: Bool[np.ndarray, "n classes"]) -> Sequence[Spans]:
    """The masks as spans of single leads, for each class that a window has."""
    found = []
    for mask, classes in zip(masks, has, strict=True):
        edges = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
        lead, onset = np.nonzero(edges == 1)
        _, offset = np.nonzero(edges == -1)
        of_class = [np.column_stack([onset, offset, np.full(len(lead), class_), lead]) for class_ in np.flatnonzero(classes)]
        found.append(np.concatenate(of_class) if of_class else np.empty((0, 4), dtype=np.int64))
    return tuple(found)
