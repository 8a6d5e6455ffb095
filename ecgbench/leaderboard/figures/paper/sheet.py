"""A sheet of ECG paper to scale, with a map as colours behind it: drawn in millimetres, from the top down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float

from ecgbench.leaderboard.figures.paper.beats import Beat, peak, shares
from ecgbench.leaderboard.figures.paper.layout import Row, Segment, centred
from ecgbench.leaderboard.figures.paper.ruling import GAIN, SPEED, SQUARE, full_colour, map_colours, rule, strip_height
from ecgbench.leaderboard.figures.style import INK, QUIET

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MILLIVOLTS, DEVIATIONS = "mV", "standard deviations"
GAINS = {MILLIVOLTS: GAIN, DEVIATIONS: SQUARE}
"""Millimetres a unit of the signal."""

SIDE, PULSE = 4.0, 10.0
"""Beside the paper, and of it before the signal, mm."""

GAP, LETTERS = 3.0, 8.0
"""Above a row, and above one with letters of beats, mm."""

BAR, LETTER, SHARE = (0.5, 1.4), 1.9, 4.9
"""How far above the paper bars begin and end, and letters and shares stand, mm."""

SHOWN = 0.005
"""Share of a map in a beat from which on it is written."""


@dataclass(frozen=True)
class Sheet:
    """What is drawn on a sheet.

    Attributes
    ----------
    signal : (leads, time)
    fs : Hz
    unit : of the signal, a key of `GAINS`
    rows : where the leads stand
    marks : (leads, time), samples with a bar above them
    beats : have letters and shares above rows of one lead
    """

    signal: Float[np.ndarray, "leads time"]
    fs: float
    unit: str
    rows: list[Row]
    marks: Bool[np.ndarray, "leads time"]
    beats: Sequence[Beat] = ()

    @property
    def gain(self) -> float:
        """Millimetres a unit."""
        return GAINS[self.unit]

    @property
    def width(self) -> float:
        """Of the whole figure, mm."""
        return float(self.signal.shape[1] / self.fs * SPEED + PULSE + 2 * SIDE)

    @property
    def height(self) -> float:
        """Of all rows with what stands above them, mm."""
        return sum(self._height(row) + self._above(row) for row in self.rows)

    @property
    def cut(self) -> bool:
        """Whether some signal is larger than the paper, so that it is cut."""
        return any((row.high - row.low) * self.gain > self._height(row) for row in self.rows)

    def draw(self, figure: Figure, top: float, total: float, values: Float[np.ndarray, "leads time"] | None) -> None:
        """Draw all rows.

        Parameters
        ----------
        top : how far below the figure's upper edge the sheet begins, mm
        total : height of the figure, mm
        values : map (leads, time); one scale holds for all its leads
        """
        for row in self.rows:
            top += self._height(row) + self._above(row)
            place = (SIDE / self.width, 1 - top / total, 1 - 2 * SIDE / self.width, self._height(row) / total)
            axes = figure.add_axes(place)
            self._draw_row(axes, row, None if values is None else values / full_colour(values))
            if self._has_letters(row):
                self._draw_letters(axes, row, values)

    def _height(self, row: Row) -> float:
        return strip_height(row.high - row.low, self.gain)

    def _above(self, row: Row) -> float:
        return LETTERS if self._has_letters(row) else GAP

    def _has_letters(self, row: Row) -> bool:
        return len(row.segments) == 1 and bool(self.beats)

    def _draw_row(self, axes: Axes, row: Row, scaled: Float[np.ndarray, "leads time"] | None) -> None:
        middle, half = (row.low + row.high) / 2, self._height(row) / self.gain / 2
        low, high, end = middle - half, middle + half, self.signal.shape[1] / self.fs
        for segment in row.segments:
            if scaled is not None:
                self._colour(axes, segment, scaled, low, high)
            self._draw_segment(axes, segment, low, high)
        rule(axes, -PULSE / SPEED, end, low, high, self.gain)
        if self.unit == MILLIVOLTS:
            _calibrate(axes, max(low, -0.5))
        axes.set(xlim=(-PULSE / SPEED, end), ylim=(low, high), xticks=[], yticks=[])

    def _colour(self, axes: Axes, segment: Segment, scaled: Any, low: float, high: float) -> None:
        extent = (segment.start / self.fs, segment.stop / self.fs, low, high)
        part = scaled[segment.lead, segment.start : segment.stop][None]
        axes.imshow(part, cmap=map_colours(), vmin=-1, vmax=1, aspect="auto", interpolation="nearest", extent=extent)

    def _draw_segment(self, axes: Axes, segment: Segment, low: float, high: float) -> None:
        time, line = np.arange(segment.start, segment.stop) / self.fs, centred(self.signal, segment)
        axes.plot(time, line, color=INK, lw=0.8)
        if segment.start:
            axes.axvline(time[0], color=INK, lw=0.6, ls=":")
        for marker, edge, beyond in (("^", high, line > high), ("v", low, line < low)):
            if beyond.any():
                axes.plot(time[_first_of_runs(beyond)], np.full(_first_of_runs(beyond).sum(), edge), marker, color=INK, ms=4, clip_on=False)
        mark, height = self.marks[segment.lead, segment.start : segment.stop], (high - low) * self.gain
        lower, upper = (1 + millimetres / height for millimetres in BAR)
        axes.fill_between(time, lower, upper, where=mark, transform=axes.get_xaxis_transform(), color=INK, lw=0, clip_on=False)
        box: Any = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.8}
        style: Any = {"va": "top", "fontsize": 9, "bbox": box, "weight": "bold", "parse_math": False}
        axes.annotate(segment.name, (time[0], high), xytext=(3, -3), textcoords="offset points", **style)

    def _draw_letters(self, axes: Axes, row: Row, values: Float[np.ndarray, "leads time"] | None) -> None:
        """Above each beat its letter, and which share of the map lies in it; those that carry the label are bold."""
        height = self._height(row)
        found = [0.0] * len(self.beats) if values is None else shares(values, self.beats)
        line = centred(self.signal, row.segments[0])
        for beat, share in zip(self.beats, found, strict=True):
            place = peak(line, beat) / self.fs
            style: Any = {"ha": "center", "va": "bottom", "transform": axes.get_xaxis_transform(), "color": INK if beat.labelled else QUIET}
            weight = "bold" if beat.labelled else "normal"
            if beat.letter:
                axes.text(place, 1 + LETTER / height, beat.letter, fontsize=9, weight=weight, **style)
            if share >= SHOWN:
                above = SHARE if beat.letter else LETTER
                axes.text(place, 1 + above / height, f"{100 * share:.0f}%", fontsize=8, weight=weight, **style)


def _first_of_runs(marked: Bool[np.ndarray, " samples"]) -> Bool[np.ndarray, " samples"]:
    first: np.ndarray = marked & ~np.concatenate([[False], marked[:-1]])
    return first


def _calibrate(axes: Axes, foot: float) -> None:
    """The calibration pulse: a millivolt high and a fifth of a second long."""
    start, stop = -(PULSE - 2) / SPEED, -(PULSE - 2 - SQUARE) / SPEED
    edge = 1.2 / SPEED
    axes.plot([start - edge, start, start, stop, stop, stop + edge], [foot, foot, foot + 1, foot + 1, foot, foot], color=INK, lw=0.9)
