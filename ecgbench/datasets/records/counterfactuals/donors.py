"""Donors: for each window, what a normal window of the same patient has at the same cardiac phase.

A donor is a normal window of the patient, stretched beat by beat so that its R peaks lie where those of the window's normal beats lie. Two
normal beats with another beat between them are as many of the patient's usual intervals apart as fit best; so an ectopic beat gives way to
the normal rhythm, as in a twin. In contrast to a twin, all of the window is exchanged, and no label has to be known for it.

- The phase is the number of intervals since the first R peak, linear between R peaks; beyond the outer ones the usual interval goes on.
- A donor that is too short begins anew; it is cut between T and P wave.
- Each lead is moved to the median of the window's, since electrodes' offset plays no part.
- Of several normal windows the nearest in time is taken, one of the same record before all others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from ecgbench.datasets.records.counterfactuals.annotated_signal import AnnotatedSignal, annotated_signal
from ecgbench.datasets.records.files.wfdb_reader import Record
from ecgbench.protocol import BeatRule
from ecgbench.types import Names, Signals, Windows

CUT = 0.65
"""Phase at which a donor that is too short begins anew."""

LEAST_CYCLES = 2
"""Whole cycles that a donor has at least."""

KEPT = 4
"""Records that are kept in memory while windows are looked for in them."""

Phases = Float64[np.ndarray, " time"]
Window = Float32[np.ndarray, "leads time"]


class Reason(StrEnum):
    """Why a window has no donor."""

    NO_NORMAL_WINDOW = "no normal window of the patient"
    NO_NORMAL_BEAT = "no normal beat to align with"
    NO_BEATS = "no normal window of the patient with beats"


@dataclass(frozen=True)
class WindowBeats:
    """The beats of a window, and those around it as far as they are known.

    Attributes
    ----------
    place : R peaks in samples from the window's start, ascending
    normal : which of them are normal; where beats have no labels, all
    """

    place: Float64[np.ndarray, " beats"]
    normal: Bool[np.ndarray, " beats"]

    @property
    def usual(self) -> float:
        """Median interval, in samples, between neighbours that are both normal; nan if there are none."""
        intervals = np.diff(self.place)[self.normal[1:] & self.normal[:-1]]
        return float(np.median(intervals)) if intervals.size else float("nan")

    def phase(self, time: int, usual: float) -> Phases:
        """The phase of each of a window's samples; there must be a normal beat.

        Parameters
        ----------
        time : samples of the window
        usual : interval, in samples
        """
        peaks = self.place[self.normal]
        cycles = np.concatenate([[0.0], np.cumsum(np.maximum(1, np.rint(np.diff(peaks) / usual)))])
        sample = np.arange(time, dtype=np.float64)
        before, after = np.minimum(sample - peaks[0], 0), np.maximum(sample - peaks[-1], 0)
        phase: Phases = np.interp(sample, peaks, cycles) + (before + after) / usual
        return phase


FindBeats = Callable[[Windows], list[WindowBeats]]
"""From some windows to the beats of each."""


def annotated_beats(read: Callable[[str], Record], rule: BeatRule, fs: float) -> FindBeats:
    """What finds the beats that annotations name in windows that were cut from records, and one more on either side.

    Parameters
    ----------
    read : reads a record by its name
    rule : by which the windows are labelled
    fs : Hz
    """

    @lru_cache(maxsize=KEPT)
    def annotated(name: str) -> AnnotatedSignal:
        record = read(name)
        return annotated_signal(record.signal, fs, record.sample, record.symbol, rule)

    def find(windows: Windows) -> list[WindowBeats]:
        places = zip(windows.record.tolist(), windows.start.tolist(), strict=True)
        return [_around(annotated(name), start, windows.signal.shape[2]) for name, start in places]

    return find


def _around(record: AnnotatedSignal, start: int, length: int) -> WindowBeats:
    first, last = np.searchsorted(record.sample, [start, start + length])
    some = slice(max(0, first - 1), last + 1)
    return WindowBeats((record.sample[some] - start).astype(np.float64), record.normal[some])


@dataclass(frozen=True)
class Donors:
    """Donors of some windows.

    Attributes
    ----------
    donor : (n, leads, time) float32, mV, nan where a window has none
    reason : (n,) str, why there is none, empty where there is one
    """

    donor: Signals
    reason: Names


def donors_of(windows: Windows, pool: Windows, normal: Int64[np.ndarray, " m"], beats: FindBeats) -> Donors:
    """A donor for each window; it does not depend on the other windows.

    Parameters
    ----------
    windows : n windows
    pool : windows among which those of the same patient are
    normal : (m,) which of the pool are normal
    beats : finds the beats of some windows
    """
    donor, reason = np.full(windows.signal.shape, np.nan, dtype=np.float32), [""] * len(windows)
    # Windows of one record follow each other, so that it is read once.
    for i in np.argsort(windows.record, kind="stable").tolist():
        one = windows.take(np.array([i]))
        of_patient = normal[pool.patient[normal] == one.patient[0]]
        found = _donor(one, pool, _nearest_first(one, pool, of_patient), beats)
        if isinstance(found, Reason):
            reason[i] = found.value
        else:
            donor[i] = found
    return Donors(donor, np.array(reason, dtype=str))


def _nearest_first(window: Windows, pool: Windows, index: Int64[np.ndarray, " k"]) -> Int64[np.ndarray, " k"]:
    """Windows of the pool, those of the window's record first, each the nearest in time before others."""
    distance = np.abs(pool.start[index] - window.start[0])
    order: Int64[np.ndarray, " k"] = index[np.lexsort((pool.start[index], distance, pool.record[index] != window.record[0]))]
    return order


def _donor(window: Windows, pool: Windows, order: Int64[np.ndarray, " k"], beats: FindBeats) -> Window | Reason:
    """What the first window of the pool that can gives, or why none does."""
    if not order.size:
        return Reason.NO_NORMAL_WINDOW
    own = beats(window)[0]
    if not own.normal.any():
        return Reason.NO_NORMAL_BEAT
    for number in order:
        candidate = pool.take(np.array([number]))
        given = beats(candidate)[0]
        if np.isfinite(candidate.signal).all() and given.normal.all() and len(given.place) > LEAST_CYCLES:
            found = at_equal_phase(window.raw(0), own, candidate.raw(0), given)
            if found is not None:
                return found
    return Reason.NO_BEATS


def at_equal_phase(window: Window, own: WindowBeats, donor: Window, given: WindowBeats) -> Window | None:
    """The donor's samples at the phases of a window; None if it lacks whole cycles.

    Parameters
    ----------
    window, donor : (leads, time), mV
    own, given : their beats
    """
    time = window.shape[1]
    usual = given.usual if np.isnan(own.usual) else own.usual
    wanted, held = own.phase(time, usual), given.phase(donor.shape[1], given.usual)
    first = np.ceil(held[0] - CUT) + CUT
    cycles = int(np.floor(held[-1] - first))
    if cycles < LEAST_CYCLES:
        return None
    turn = np.floor(wanted - CUT)
    phase = first + (turn - turn[0]) % cycles + (wanted - CUT - turn)
    place = np.interp(phase, held, np.arange(donor.shape[1]))
    stretched = np.stack([np.interp(place, np.arange(donor.shape[1]), lead) for lead in donor.astype(np.float64)])
    moved = stretched + np.median(window, axis=1, keepdims=True) - np.median(stretched, axis=1, keepdims=True)
    values: Window = moved.astype(np.float32)
    return values
