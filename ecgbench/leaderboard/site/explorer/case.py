"""What the explorer shows, and the shares of a map that stand beside it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float64, Int64

Map = Float[np.ndarray, "leads time"]

MILLIVOLTS, DEVIATIONS = "mV", "standard deviations"
"""Units of a signal."""


@dataclass(frozen=True)
class Beat:
    """A beat of a window.

    Attributes
    ----------
    place : its R peak, in samples
    letter, name : what stands above it, and in full
    labelled : whether it is one of those that make the window's label
    """

    place: int
    letter: str
    name: str
    labelled: bool


@dataclass(frozen=True)
class Beats:
    """The beats of a window, in order.

    Attributes
    ----------
    shown : those whose R peaks lie in the window
    around : (k,) R peaks in samples, those just outside included: a sample belongs to the beat whose R peak is nearest,
        the later one where two are as near
    source : who says so, in a few words; empty where there are none
    """

    shown: Sequence[Beat]
    around: Float64[np.ndarray, " k"]
    source: str

    def spans(self, time: int) -> list[slice]:
        """The samples that belong to each shown beat."""
        borders = [0, *np.ceil((self.around[:-1] + self.around[1:]) / 2).astype(int).clip(0, time).tolist(), time]
        first = int(np.searchsorted(self.around, 0))
        return [slice(borders[first + i], borders[first + i + 1]) for i in range(len(self.shown))]


@dataclass(frozen=True)
class Shares:
    """Which share of a map's positive part lies where; all nan if no part of it is positive.

    Attributes
    ----------
    beats : (shown beats,)
    leads : (leads,)
    inside : of all marked samples; nan where none are
    """

    beats: Float64[np.ndarray, " beats"]
    leads: Float64[np.ndarray, " leads"]
    inside: float


@dataclass(frozen=True)
class Case:
    """A window of which a class is explained.

    Attributes
    ----------
    title : where it comes from
    label : the explained class
    signal : (leads, time)
    marks : (leads, time), the samples that an explanation should point at
    beats : of the window
    probabilities : what the model says of each class
    maps : signed, by source
    """

    title: str
    label: str
    signal: Map = field(repr=False)
    marks: Bool[np.ndarray, "leads time"] = field(repr=False)
    beats: Beats = field(repr=False)
    probabilities: Sequence[float]
    maps: Mapping[str, Map] = field(repr=False)


@dataclass(frozen=True)
class Shown:
    """A model and some of its windows.

    Attributes
    ----------
    dataset : key of the windows' dataset
    title : of the dataset
    model : name of the model with its seed, which is a file's name
    fs : Hz
    leads, classes : names
    unit : of the signals, `MILLIVOLTS` or `DEVIATIONS`
    sources : every source of maps with what it is: "method", "control" or "bound"
    absolute : the sources whose absolute values rank, where their signed ones do not
    first : the sources that are shown where nobody has chosen
    marked : what the marked samples are
    cases : the windows
    """

    dataset: str
    title: str
    model: str
    fs: float
    leads: Sequence[str]
    classes: Sequence[str]
    unit: str
    sources: Mapping[str, str]
    absolute: Collection[str]
    first: Sequence[str]
    marked: str
    cases: Sequence[Case]


def shares_of(values: Map, case: Case) -> Shares:
    """Where the positive part of a map lies.

    Parameters
    ----------
    values : (leads, time), signed or absolute
    case : whose map it is
    """
    positive = np.maximum(values, 0).astype(np.float64)
    total = positive.sum() or np.nan
    in_beats: Any = [positive[:, span].sum() for span in case.beats.spans(positive.shape[1])]
    inside = float(positive[case.marks].sum() / total) if case.marks.any() else float("nan")
    beats: Float64[np.ndarray, " beats"] = np.array(in_beats, dtype=np.float64) / total
    return Shares(beats, positive.sum(axis=1) / total, inside)


def marked_runs(marks: Bool[np.ndarray, "leads time"]) -> Int64[np.ndarray, "runs 3"]:
    """Lead, first and last sample (exclusive) of each run of marked samples."""
    edges = np.diff(np.pad(marks, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    lead, onset = np.nonzero(edges == 1)
    _, offset = np.nonzero(edges == -1)
    runs: Int64[np.ndarray, "runs 3"] = np.column_stack([lead, onset, offset]).astype(np.int64)
    return runs
