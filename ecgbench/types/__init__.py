"""What the layers hand to each other: frozen data, array shapes and callables, described here once.

Axes: `n` windows (or rows), `leads`, `time` in samples, `outputs` of a model. Signals are in mV, or standardised where it is
said; attributions are signed maps of the input's shape; scores are float64 per window and nan where a metric is undefined.
"""

from __future__ import annotations

import mmap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Int64, Shaped, UInt8

from ecgbench.errors import InputError
from ecgbench.types.evaluation import Curves as Curves
from ecgbench.types.evaluation import Evaluate as Evaluate
from ecgbench.types.evaluation import EvaluateSteps as EvaluateSteps
from ecgbench.types.evaluation import Logits as Logits
from ecgbench.types.evaluation import Replacement as Replacement
from ecgbench.types.evaluation import Rows as Rows
from ecgbench.types.evaluation import Steps as Steps
from ecgbench.types.summaries import class_counts as class_counts
from ecgbench.types.summaries import dataset_html, dataset_text, windows_text

Signals = Float32[np.ndarray, "n leads time"]
Continued = Float32[np.ndarray, "n leads longer"]
Attributions = Float[np.ndarray, "n leads time"]
Masks = Bool[np.ndarray, "n leads time"]
Regions = UInt8[np.ndarray, "n leads time"]
"""Of each sample, the part of the ECG that it belongs to: `CORE`, `RHYTHM`, or 0 elsewhere."""

CORE, RHYTHM = 1, 2
"""Regions of a window: the beats of its label from P to T, and the rest of the stretch from the R peak before each to the one behind it."""

Targets = Int64[np.ndarray, " n"]
PerWindow = Float64[np.ndarray, " n"]
Spans = Int64[np.ndarray, "_ _"]
Names = Shaped[np.ndarray, " n"]


@dataclass(frozen=True)
class Windows:
    """Windows of one side of a split.

    Attributes
    ----------
    signal : (n, leads, time) float32, mV; in memory, or mapped from a file where there are too many
    y : (n,) int64 class, or (n, labels) uint8 where a window can have several labels
    record, patient : (n,) str
    start : (n,) int64, first sample of the window in its record
    spans : n arrays (k, 3) int64 of onset, offset (exclusive) and class, in samples of the window; (k, 4) with the index of a lead where
        spans are of one lead each, not of all
    causal : (n, leads, time) bool, or None; the samples that differ from the counterfactual twin
    twin : (n, leads, time) float32, mV, or None; the window as it would be without what makes its label, nan where a window has no twin
    sham : (n, leads, time) float32, mV, or None; the window after an exchange like the twin's of what does not make its label, nan where
        there is none
    """

    signal: Signals
    y: Shaped[np.ndarray, "n ..."]
    record: Names
    patient: Names
    start: Int64[np.ndarray, " n"]
    spans: Sequence[Spans]
    causal: Masks | None = field(default=None, repr=False)
    twin: Signals | None = field(default=None, repr=False)
    sham: Signals | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.signal)

    def __repr__(self) -> str:
        return windows_text(self)

    @cached_property
    def x(self) -> Signals:
        """The signal standardised per window and lead: (n, leads, time) float32."""
        return standardise(self.signal)

    def as_inputs(self, other: Signals) -> Signals:
        """Another signal of these windows, such as their twins, in the units in which models take the windows."""
        return standardised_as(other, self.signal)

    def inputs(self, index: Int64[np.ndarray, " m"]) -> Float32[np.ndarray, "m leads time"]:
        """The windows at `index`, standardised; of windows that are mapped from a file no others stay in memory."""
        signal = np.array(self.signal[index])
        if isinstance(self.signal, np.memmap) and isinstance(self.signal.base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
            self.signal.base.madvise(mmap.MADV_DONTNEED)
        return standardise(signal)

    def raw(self, i: int) -> Float32[np.ndarray, "leads time"]:
        """Window `i` in mV: (leads, time) float32."""
        window: Float32[np.ndarray, "leads time"] = self.signal[i]
        return window

    def mask(self, i: int, class_: int, kind: str = "spans") -> Bool[np.ndarray, "leads time"]:
        """Samples of window `i` that belong to `class_`: the union of its spans, or the causal mask.

        Raises
        ------
        InputError
            If `kind` is neither "spans" nor "causal", or the windows have no causal mask.
        """
        if kind == "causal" and self.causal is not None:
            causal: Bool[np.ndarray, "leads time"] = self.causal[i]
            return causal
        if kind != "spans":
            raise InputError(f'expected kind "spans" (or "causal" on simulated data that has it), got "{kind}"; choose another kind.')
        mask = np.zeros(self.signal.shape[1:], dtype=bool)
        for onset, offset, span_class, *lead in self.spans[i]:
            if span_class == class_:
                mask[lead or slice(None), onset:offset] = True
        return mask

    def masks(self, target: Targets, kind: str = "spans") -> Masks:
        """Masks of all windows, each for its own target class: (n, leads, time) bool."""
        masks = np.zeros((len(target), *self.signal.shape[1:]), dtype=bool)
        for i, class_ in enumerate(target):
            masks[i] = self.mask(i, int(class_), kind)
        return masks

    def has(self, target: Targets) -> Bool[np.ndarray, " n"]:
        """Whether each window has its own target class among its labels: (n,) bool."""
        own = self.y if self.y.ndim == 1 else np.where(self.y[np.arange(len(target)), target] == 1, target, -1)
        found: np.ndarray = own == target
        return found

    def true_masks(self, target: Targets, kind: str = "spans") -> Masks:
        """As `masks`, empty where a window does not have its target: of a class that a model alone sees there is no truth to point at."""
        found: np.ndarray = self.masks(target, kind) & self.has(target)[:, None, None]
        return found

    def take(self, index: Int64[np.ndarray, " m"]) -> Windows:
        """The windows at `index`, in that order."""
        held = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "spans"}
        arrays: dict[str, Any] = {name: None if array is None else array[index] for name, array in held.items()}
        return replace(self, **arrays, spans=tuple(self.spans[i] for i in index))


@dataclass(frozen=True)
class Twins:
    """Counterfactual twins of some windows, and their shams.

    Attributes
    ----------
    twin, sham : (n, leads, time) float32, mV, nan where a window has none (see `Windows`)
    reason, sham_reason : (n,) str, why there is none, empty where there is one; None if it is not told
    """

    twin: Signals = field(repr=False)
    sham: Signals = field(repr=False)
    reason: Names | None = field(default=None, repr=False)
    sham_reason: Names | None = field(default=None, repr=False)


def standardise(signal: Signals) -> Signals:
    """(x - mean) / (std + 1e-6) per window and lead, population std, in float32."""
    return standardised_as(signal, signal)


def standardised_as(other: Signals, signal: Signals) -> Signals:
    """Another signal in the units of standardised windows: minus their mean, over their std + 1e-6, per window and lead, in float32.

    A twin that is standardised as its window differs from it where they differ in mV, and nowhere else.
    """
    mean = signal.mean(axis=-1, keepdims=True)
    std = signal.std(axis=-1, keepdims=True)
    standardised: Signals = (other - mean) / (std + np.float32(1e-6))
    return standardised


@dataclass(frozen=True)
class Dataset:
    """A database cut into windows.

    Attributes
    ----------
    name : the registry's key
    train, test : Windows
    classes : names of the classes or labels, in the order of their integers
    fs : sampling rate in Hz
    leads : names of the leads
    labels, split, edition : the options it was loaded with (edition is empty where a database has only one)
    key : hexadecimal SHA-256 of the source records and the options; equal keys mean equal windows
    notes : what a reader of the results must know (windows left out, patients on both sides, ...)
    simulated : whether the records come from a simulator
    """

    name: str
    train: Windows
    test: Windows
    classes: tuple[str, ...]
    fs: float
    leads: tuple[str, ...]
    labels: str
    split: str
    edition: str
    key: str
    notes: tuple[str, ...] = ()
    simulated: bool = False

    def __repr__(self) -> str:
        return dataset_text(self)

    def _repr_html_(self) -> str:
        return dataset_html(self)


@dataclass(frozen=True)
class Explained:
    """Windows whose decision is explained, with the class that is explained.

    Attributes
    ----------
    windows : Windows
    target : (n,) int64, the class whose logit is explained: a true one, or where the model's prediction is explained the predicted one
    logit, probability : (n,) float64 of that class
    neutral : (outputs,) float64, the model's logits on a flat line
    available : how many windows of the model could be explained, before a subset was taken
    common : how many of them are recognised by all models whose common windows are explained
    twinless : number of the windows without a twin, by class and reason, as in "VEB: invalid samples"
    """

    windows: Windows
    target: Targets = field(repr=False)
    logit: PerWindow = field(repr=False)
    probability: PerWindow = field(repr=False)
    neutral: Float64[np.ndarray, " outputs"]
    available: int
    common: int
    twinless: Mapping[str, int] = field(default_factory=dict)

    @property
    def right(self) -> Bool[np.ndarray, " n"]:
        """(n,) whether the window has the explained class."""
        return self.windows.has(self.target)


@dataclass(frozen=True)
class OracleCase:
    """Windows whose scores another implementation is to compute.

    Attributes
    ----------
    attributions, mask : (n, leads, time)
    x : (n, leads, time), standardised
    target : (n,) int64
    model : torch module on (n, leads, time) that returns logits
    images : the same model on (n, 1, leads, time), as libraries made for images call it
    evaluate : the model's logits of rows, by whole forward passes
    """

    attributions: Attributions
    mask: Masks
    x: Signals
    target: Targets
    model: Any
    images: Any
    evaluate: Evaluate


@dataclass(frozen=True)
class Scores:
    """Per-window scores of one cell and what they cost.

    Attributes
    ----------
    values : (n,) float64, nan where undefined
    seconds : time that computing them took, shared artifacts included
    cached : whether all of it came from the store
    """

    values: PerWindow
    seconds: float
    cached: bool

    @property
    def mean(self) -> float:
        """Mean over the windows where the metric is defined; nan if there are none."""
        defined = self.values[~np.isnan(self.values)]
        return float(defined.mean()) if defined.size else float("nan")

    @property
    def undefined(self) -> int:
        """Number of windows where the metric is undefined."""
        return int(np.isnan(self.values).sum())
