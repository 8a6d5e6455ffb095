"""Normal rhythm of a record put in the place of one of its beats.

What is exchanged lies between the QRS complexes of the beat's two neighbours, which stay as they are. A donor of the same record gives its
own stretch, cut where its neighbours' QRS complexes resemble the host's most, linearly resampled to the length that is needed, and tilted
by a straight line so that its ends have the host's values.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from jaxtyping import Float32, Float64
from numpy.lib.stride_tricks import sliding_window_view

from ecgbench.datasets.records.counterfactuals.annotated_signal import AnnotatedSignal

LENGTH_TOLERANCE = 0.25
"""Largest difference between the donor's and the host's distance of neighbours, as a share of the latter."""

LENGTH_WEIGHT = 4
"""Samples that a donor may lie farther away for being one sample closer in length."""

LEAST_LENGTH = 2
"""Least distance of a beat's neighbours, in QRS complexes: at less there is nothing between them that could be exchanged."""


class Reason(StrEnum):
    """Why a window has no twin or no sham."""

    NO_BEAT = "no beat of the label"
    NEIGHBOUR = "neighbour not normal"
    RECORD_END = "record begins or ends"
    GAP = "invalid samples"
    NO_DONOR = "no donor of like length"
    NO_NORMAL_BEAT = "no normal beat between normal beats"


@dataclass(frozen=True)
class Exchange:
    """What is written over a record's signal.

    Attributes
    ----------
    first : sample at which the values begin
    values : (leads, time) float32, mV
    donor : index of the beat that gave them
    """

    first: int
    values: Float32[np.ndarray, "leads time"]
    donor: int

    def write_over(self, window: Float32[np.ndarray, "leads time"], start: int) -> None:
        """Put the values in their place, as far as they lie in the window that begins at sample `start`."""
        onset = max(self.first, start)
        offset = min(self.first + self.values.shape[1], start + window.shape[1])
        if onset < offset:
            window[:, onset - start : offset - start] = self.values[:, onset - self.first : offset - self.first]


def exchange(record: AnnotatedSignal, beat: int, start: int, length: int) -> Exchange | Reason:
    """What puts a donor's beat in the place of `beat`, or why nothing can.

    Parameters
    ----------
    beat : index of the beat
    start, length : of the window, in samples; the donor lies outside
    """
    if not 0 < beat < len(record.sample) - 1:
        return Reason.RECORD_END
    if not record.between_normal[beat]:
        return Reason.NEIGHBOUR
    peaks = record.sample[[beat - 1, beat + 1]]
    first, last = peaks - record.before, peaks + record.after
    if first[0] < 0 or last[1] >= record.signal.shape[1]:
        return Reason.RECORD_END
    if not record.valid(first, last).all():
        return Reason.GAP
    donor = _nearest_donor(record, beat, start, length)
    return Reason.NO_DONOR if donor is None else Exchange(int(last[0]) + 1, _fitted(record, donor, beat), donor)


def _nearest_donor(record: AnnotatedSignal, beat: int, start: int, length: int) -> int | None:
    """The donor that is nearest in time and like in length; of equal ones the earliest."""
    wanted = record.sample[beat + 1] - record.sample[beat - 1]
    if wanted < LEAST_LENGTH * (record.before + record.after):
        return None
    first, last = record.sample[record.donors - 1], record.sample[record.donors + 1]
    difference = np.abs(last - first - wanted)
    outside = (last + record.after + record.shift_reach < start) | (first - record.before - record.shift_reach >= start + length)
    fits = (difference < LENGTH_TOLERANCE * wanted) & outside
    if not fits.any():
        return None
    cost = np.abs(record.sample[record.donors] - record.sample[beat]) + LENGTH_WEIGHT * difference
    return int(record.donors[fits][cost[fits].argmin()])


def _fitted(record: AnnotatedSignal, donor: int, beat: int) -> Float32[np.ndarray, "leads time"]:
    """The donor's stretch, fitted between the QRS complexes of the neighbours of `beat`."""
    first, last = int(record.sample[beat - 1]) + record.after, int(record.sample[beat + 1]) - record.before
    given_first = _counterpart(record, donor - 1, beat - 1) + record.after
    given_last = _counterpart(record, donor + 1, beat + 1) - record.before
    given = record.signal[:, given_first : given_last + 1].astype(np.float64)
    position = np.linspace(0, given.shape[1] - 1, last - first + 1)
    stretch = np.stack([np.interp(position, np.arange(given.shape[1]), lead) for lead in given])
    ends = record.signal[:, [first, last]].astype(np.float64)
    fitted = stretch + _lines(ends - stretch[:, [0, -1]], last - first + 1)
    values: Float32[np.ndarray, "leads time"] = fitted[:, 1:-1].astype(np.float32)
    return values


def _counterpart(record: AnnotatedSignal, beat: int, host: int) -> int:
    """The sample near the R peak of `beat` that has the place in its QRS complex that the R peak of `host` has in its own.

    Annotations of one record lie now on the peak, now beside it. The difference of the QRS complexes, each less its mean, is least there.
    """
    peak, of_host, shift = int(record.sample[beat]), int(record.sample[host]), record.shift_reach
    wanted = record.signal[:, of_host - record.before : of_host + record.after + 1].astype(np.float64)
    around = record.signal[:, peak - record.before - shift : peak + record.after + shift + 1].astype(np.float64)
    given = sliding_window_view(around, wanted.shape[1], axis=1)
    difference = (given - given.mean(axis=2, keepdims=True)) - (wanted - wanted.mean(axis=1, keepdims=True))[:, None]
    shifts = np.arange(-shift, shift + 1)
    best = np.lexsort((shifts, np.abs(shifts), (difference**2).sum(axis=(0, 2))))[0]
    return int(peak + shifts[best])


def _lines(ends: Float64[np.ndarray, "leads 2"], count: int) -> Float64[np.ndarray, "leads {count}"]:
    """A straight line of `count` samples between the two values of each lead."""
    share = np.linspace(0, 1, count)
    lines: Float64[np.ndarray, "leads {count}"] = ends[:, :1] * (1 - share) + ends[:, 1:] * share
    return lines
