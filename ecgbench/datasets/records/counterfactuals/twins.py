"""Constructed sinus twins of real windows: the same window, with normal rhythm of the same record in the places of its ectopic beats.

- Every ectopic beat whose R peak lies in the window is exchanged, whatever its class, so that nothing but the record's own rhythm is left;
  if one cannot be, there is no twin. Beats outside stay, also where their T wave reaches into the window.
- At the window's border the exchange is made in the record's signal and cut.
- Beats of couplets and runs have a neighbour that is not normal: no twin. In bigeminy two exchanges end at one normal beat, which stays.
- Unclassifiable beats are not exchanged; beside one there is neither exchange nor donor.
- "Normal" is what was annotated so: of a record in atrial fibrillation, the twin fibrillates.

The sham is the control: the same exchange at a normal beat of the window, which should change nothing.

References
----------
Native Guide (Delaney et al. 2021, doi:10.1007/978-3-030-86957-1_3) and CoMTE (Ates et al. 2021, doi:10.1109/ICAPAI49758.2021.9462056) put
stretches of another instance into a time series to make counterfactuals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int64

from ecgbench.datasets.records.counterfactuals.annotated_signal import NORMAL, AnnotatedSignal, Beats, annotated_signal
from ecgbench.datasets.records.counterfactuals.exchange import Reason, exchange
from ecgbench.datasets.records.files.wfdb_reader import Record
from ecgbench.errors import DataError
from ecgbench.protocol import BeatRule
from ecgbench.types import Targets, Twins, Windows

Window = Float32[np.ndarray, "leads time"]


@dataclass(frozen=True)
class Twin:
    """A window's twin and its sham, (leads, time) float32 in mV, or why there is none."""

    twin: Window | Reason
    sham: Window | Reason


def twins_of(windows: Windows, target: Targets, read: Callable[[str], Record], rule: BeatRule, fs: float) -> Twins:
    """Twins and shams of windows that were cut from records; those of a window don't depend on the other windows.

    Parameters
    ----------
    target : label of each window; a window without a beat of its label has neither twin nor sham
    read : reads a record by its name, the way in which the windows' records were read
    rule : by which the windows are labelled
    fs : Hz

    Raises
    ------
    DataError
        If a window is not what its record holds at its place.
    """
    twin, sham = (np.full(windows.signal.shape, np.nan, dtype=np.float32) for _ in range(2))
    reason, sham_reason = ([""] * len(windows) for _ in range(2))
    for name in dict.fromkeys(windows.record.tolist()):
        found = read(name)
        record = annotated_signal(found.signal, fs, found.sample, found.symbol, rule)
        for i in np.flatnonzero(windows.record == name).tolist():
            start = int(windows.start[i])
            _check_window(record, name, start, windows.raw(i))
            one = construct(record, start, windows.signal.shape[2], int(target[i]))
            for made, rows, why in ((one.twin, twin, reason), (one.sham, sham, sham_reason)):
                if isinstance(made, Reason):
                    why[i] = made.value
                else:
                    rows[i] = made
    return Twins(twin, sham, np.array(reason, dtype=str), np.array(sham_reason, dtype=str))


def _check_window(record: AnnotatedSignal, name: str, start: int, window: Window) -> None:
    held = record.signal[:, start : start + window.shape[1]]
    if not np.array_equal(held, window, equal_nan=True):
        raise DataError(
            f"expected the window at sample {start} of record {name} to be what the record holds there, got another signal; "
            "read the lead that the windows were cut from."
        )


def construct(record: AnnotatedSignal, start: int, length: int, label: int) -> Twin:
    """The twin and the sham of the window of `length` samples that begins at sample `start`.

    Of several beats that cannot be exchanged the first gives the reason.
    """
    first, last = np.searchsorted(record.sample, [start, start + length])
    inside = np.arange(first, last)
    class_ = record.class_[inside]
    if label == NORMAL or label not in class_:
        return Twin(Reason.NO_BEAT, Reason.NO_BEAT)
    ectopic = inside[(class_ != NORMAL) & (class_ != record.unclassifiable)]
    return Twin(
        _exchanged(record, ectopic, start, length),
        _exchanged(record, _most_central(record, inside, start, length), start, length),
    )


def _most_central(record: AnnotatedSignal, inside: Beats, start: int, length: int) -> Int64[np.ndarray, " found"]:
    """Of the beats `inside` a window, the normal one between normal beats that is nearest to its middle; empty if there is none."""
    apart = inside[record.normal[inside] & record.between_normal[inside]]
    distance = np.abs(2 * (record.sample[apart] - start) - length)
    nearest: Int64[np.ndarray, " found"] = apart[np.argsort(distance, kind="stable")[:1]]
    return nearest


def _exchanged(record: AnnotatedSignal, beats: Beats, start: int, length: int) -> Window | Reason:
    """The window with all `beats` exchanged, or why the first that cannot be cannot."""
    if not beats.size:
        return Reason.NO_NORMAL_BEAT
    window = record.signal[:, start : start + length].copy()
    for beat in beats.tolist():
        found = exchange(record, beat, start, length)
        if isinstance(found, Reason):
            return found
        found.write_over(window, start)
    return window
