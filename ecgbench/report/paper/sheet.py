"""A sheet of ECG paper to scale, with a map as colours behind it: drawn in millimetres, from the top down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float

from ecgbench.leaderboard.figures.ecg_paper import GAIN, SPEED, SQUARE, full_colour, map_colours, rule, strip_height
from ecgbench.leaderboard.figures.style import INK
from ecgbench.report.paper.layout import Row, Segment, centred

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MILLIVOLTS, DEVIATIONS = "mV", "standard deviations"
GAINS = {MILLIVOLTS: GAIN, DEVIATIONS: SQUARE}
"""Millimetres a unit of the signal."""

SIDE, PULSE, GAP, TITLE, FOOT = 4.0, 10.0, 4.0, 6.0, 18.0
"""Beside the paper, of it before the signal, above a row, for a title, and for the legend below, mm."""


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
    """

    signal: Float[np.ndarray, "leads time"]
    fs: float
    unit: str
    rows: list[Row]
    marks: Bool[np.ndarray, "leads time"]

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
        """Of all rows with their gaps, mm."""
        return sum(self._height(row) + GAP for row in self.rows)

    def draw(self, figure: Figure, top: float, total: float, values: Float[np.ndarray, "leads time"] | None) -> None:
        """Draw all rows.

        Parameters
        ----------
        top : how far below the figure's upper edge the sheet begins, mm
        total : height of the figure, mm
        values : map (leads, time); one scale holds for all its leads
        """
        limit = None if values is None else full_colour(values)
        for row in self.rows:
            top += self._height(row) + GAP
            place = (SIDE / self.width, 1 - top / total, 1 - 2 * SIDE / self.width, self._height(row) / total)
            axes = figure.add_axes(place)
            self._draw_row(axes, row, None if values is None or limit is None else values / limit)

    def _height(self, row: Row) -> float:
        return strip_height(row.high - row.low, self.gain)

    def _draw_row(self, axes: Axes, row: Row, scaled: Float[np.ndarray, "leads time"] | None) -> None:
        middle, half = (row.low + row.high) / 2, self._height(row) / self.gain / 2
        low, high, end = middle - half, middle + half, self.signal.shape[1] / self.fs
        for segment in row.segments:
            if scaled is not None:
                self._colour(axes, segment, scaled, low, high)
            self._draw_segment(axes, segment, high)
        rule(axes, -PULSE / SPEED, end, low, high, self.gain)
        if self.unit == MILLIVOLTS:
            _calibrate(axes, max(low, -0.5))
        axes.set(xlim=(-PULSE / SPEED, end), ylim=(low, high), xticks=[], yticks=[])

    def _colour(self, axes: Axes, segment: Segment, scaled: Any, low: float, high: float) -> None:
        extent = (segment.start / self.fs, segment.stop / self.fs, low, high)
        part = scaled[segment.lead, segment.start : segment.stop][None]
        axes.imshow(part, cmap=map_colours(), vmin=-1, vmax=1, aspect="auto", interpolation="nearest", extent=extent)

    def _draw_segment(self, axes: Axes, segment: Segment, high: float) -> None:
        time = np.arange(segment.start, segment.stop) / self.fs
        axes.plot(time, centred(self.signal, segment), color=INK, lw=0.8)
        if segment.start:
            axes.axvline(time[0], color=INK, lw=0.6, ls=":")
        mark = self.marks[segment.lead, segment.start : segment.stop]
        axes.fill_between(time, 1.01, 1.05, where=mark, transform=axes.get_xaxis_transform(), color=INK, lw=0, clip_on=False)
        box: Any = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.8}
        axes.annotate(
            segment.name, (time[0], high), xytext=(3, -3), textcoords="offset points", va="top", fontsize=8, bbox=box, weight="bold"
        )


def _calibrate(axes: Axes, foot: float) -> None:
    """The calibration pulse: a millivolt high and a fifth of a second long."""
    start, stop = -(PULSE - 2) / SPEED, -(PULSE - 2 - SQUARE) / SPEED
    edge = 1.2 / SPEED
    axes.plot([start - edge, start, start, stop, stop, stop + edge], [foot, foot, foot + 1, foot + 1, foot, foot], color=INK, lw=0.9)


def draw_foot(figure: Figure, sheet: Sheet, total: float, has_maps: bool) -> None:
    """The scales in words, and what the colours mean.

    Parameters
    ----------
    total : height of the figure, mm
    has_maps : whether there are colours to explain
    """
    left = SIDE / sheet.width
    said = f"{SPEED} mm/s, {sheet.gain:g} mm/mV" if sheet.unit == MILLIVOLTS else f"{SPEED} mm/s, {sheet.gain:g} mm a standard deviation"
    bars = "bars: marked spans" if sheet.marks.any() else ""
    figure.text(left, (FOOT - 3.5) / total, said, fontsize=7.5, va="center")
    figure.text(left, (FOOT - 7) / total, bars, fontsize=7.5, va="center")
    if not has_maps:
        return
    edge = 10  # half of the first label stands left of the bar
    axes = figure.add_axes((left + edge / sheet.width, (FOOT - 13) / total, min(60, sheet.width - 4 * edge) / sheet.width, 2.5 / total))
    axes.imshow(np.linspace(-1, 1, 255)[None], cmap=map_colours(), aspect="auto", extent=(-1, 1, 0, 1))
    axes.set(yticks=[])
    axes.set_xticks([-1, 0, 1], ["speaks against", "0", "speaks for"], fontsize=7)
    axes.tick_params(length=2, pad=1)
