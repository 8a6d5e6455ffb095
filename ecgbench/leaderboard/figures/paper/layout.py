"""Where each lead stands on a sheet of ECG paper: 12 leads as three rows of four and a rhythm strip, others below each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

STANDARD = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
"""The leads of a standard ECG, in the order of a sheet's columns."""

COLUMNS, RHYTHM = 4, "II"


@dataclass(frozen=True)
class Segment:
    """A part of a lead: its index, its name, and its samples from `start` to `stop` (exclusive)."""

    lead: int
    name: str
    start: int
    stop: int


@dataclass(frozen=True)
class Row:
    """Segments that stand beside each other, and the signal's range among them when each is shifted by its median."""

    segments: tuple[Segment, ...]
    low: float
    high: float


def rows_of(signal: Float[np.ndarray, "leads time"], names: Sequence[str]) -> list[Row]:
    """The rows of a sheet."""
    time = signal.shape[1]
    order = _standard_order(names)
    if order is None:
        return [_row(signal, [Segment(lead, name, 0, time)]) for lead, name in enumerate(names)]
    borders = np.linspace(0, time, COLUMNS + 1).astype(int).tolist()
    per_column = len(STANDARD) // COLUMNS
    rows = []
    for line in range(per_column):
        leads = [order[column * per_column + line] for column in range(COLUMNS)]
        rows.append(_row(signal, [Segment(lead, names[lead], *borders[column : column + 2]) for column, lead in enumerate(leads)]))
    rhythm = order[STANDARD.index(RHYTHM)]
    return [*rows, _row(signal, [Segment(rhythm, names[rhythm], 0, time)])]


def is_standard(names: Sequence[str]) -> bool:
    """Whether these are the twelve standard leads, in whatever order."""
    return _standard_order(names) is not None


def centred(signal: Float[np.ndarray, "leads time"], segment: Segment) -> Float[np.ndarray, " samples"]:
    """A segment's signal with its median at zero."""
    part: np.ndarray = signal[segment.lead, segment.start : segment.stop]
    shifted: np.ndarray = part - np.median(part)
    return shifted


def _standard_order(names: Sequence[str]) -> list[int] | None:
    """Where each standard lead stands among the names; None if they are not the twelve, or too many or few of them."""
    held = [name.lower() for name in names]
    wanted = [name.lower() for name in STANDARD]
    return [held.index(name) for name in wanted] if sorted(held) == sorted(wanted) else None


def _row(signal: Float[np.ndarray, "leads time"], segments: Sequence[Segment]) -> Row:
    parts = [centred(signal, segment) for segment in segments]
    return Row(tuple(segments), float(min(part.min() for part in parts)), float(max(part.max() for part in parts)))
