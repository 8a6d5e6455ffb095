"""Sheets of ECG paper below each other, each under a title, with one legend: the figure of galleries, reports and `ecgbench.plot`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ecgbench.leaderboard.figures.canvas import canvas
from ecgbench.leaderboard.figures.paper.ruling import CLIP, MM, SPEED, map_colours
from ecgbench.leaderboard.figures.paper.sheet import MILLIVOLTS, SIDE, Sheet
from ecgbench.leaderboard.figures.style import QUIET

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLE, HEADING, FOOT, LINE = 7.0, 8.0, 8.0, 4.0
"""Heights of the figure's title, of a sheet's heading, of the colours' scale and of a line of the legend, mm."""

SCALE, BEFORE, BEHIND = 44.0, 12.0, 20.0
"""Length of the colours' scale, and room for the words before and behind it, mm."""

HEADING_LINE, HEADING_WIDTH = 5.0, 2.1
"""Height of a further line of a heading, and width of its letters, mm."""

LETTER_WIDTH = 1.6
"""Of the legend's letters, mm, rather too wide than too narrow."""


@dataclass(frozen=True)
class Strip:
    """A sheet with a map, (leads, time) or None, a heading on the left and what stands right of it."""

    sheet: Sheet
    values: Float[np.ndarray, "leads time"] | None
    heading: str = ""
    aside: str = ""

    @property
    def lines(self) -> list[tuple[str, str]]:
        """What stands above the sheet, left and right: in one line where there is room, else below each other."""
        room = int((self.sheet.width - 2 * SIDE) / HEADING_WIDTH)
        if len(self.heading) + len(self.aside) < room:
            return [(self.heading, self.aside)] if self.heading or self.aside else []
        return [(line, "") for line in [*wrap(self.heading, room), *wrap(self.aside, room)]]

    @property
    def above(self) -> float:
        """Height of the heading, mm."""
        return HEADING + HEADING_LINE * (len(self.lines) - 1) if self.lines else 0.0


def stacked(strips: Sequence[Strip], title: str = "") -> Figure:
    """Draw sheets of windows of one length below each other."""
    width, top, said = strips[0].sheet.width, TITLE if title else 0.0, _said(strips)
    total = top + sum(strip.above + strip.sheet.height for strip in strips) + FOOT + LINE * len(said)
    with canvas(width * MM, total * MM, arranged=False) as figure:
        if title:
            figure.text(SIDE / width, 1 - TITLE / 2 / total, title, fontsize=11, weight="bold", va="center", parse_math=False)
        for strip in strips:
            for number, (left, right) in enumerate(strip.lines):
                middle = 1 - (top + 0.6 * HEADING + HEADING_LINE * number) / total
                figure.text(SIDE / width, middle, left, fontsize=10, va="center", parse_math=False)
                figure.text(1 - SIDE / width, middle, right, fontsize=9, va="center", ha="right", color=QUIET, parse_math=False)
            strip.sheet.draw(figure, top + strip.above, total, strip.values)
            top += strip.above + strip.sheet.height
        for number, line in enumerate(reversed(said)):
            figure.text(SIDE / width, (1 + LINE * (number + 0.5)) / total, line, fontsize=8, va="center")
        if any(strip.values is not None for strip in strips):
            _draw_scale(figure, width, (1.5 + LINE * len(said)) / total, total)
        return figure


def _said(strips: Sequence[Strip]) -> list[str]:
    """What the legend says, in lines that are no longer than the paper is wide."""
    sheet = strips[0].sheet
    unit = "mV" if sheet.unit == MILLIVOLTS else "a standard deviation"
    said = [f"{SPEED} mm/s, {sheet.gain:g} mm{'/' if sheet.unit == MILLIVOLTS else ' '}{unit}"]
    if any(strip.values is not None for strip in strips):
        said.append(f"full colour: {CLIP}th percentile of the map")
        said += ["%: share of what speaks for the class"] if any(strip.sheet.beats for strip in strips) else []
    said += ["bars: what a map should point at"] if any(strip.sheet.marks.any() for strip in strips) else []
    said += ["triangles: the signal goes on"] if any(strip.sheet.cut for strip in strips) else []
    return wrap("; ".join(said), int((sheet.width - 2 * SIDE) / LETTER_WIDTH))


def _draw_scale(figure: Figure, width: float, bottom: float, total: float) -> None:
    """The colours, between what they mean."""
    length = max(min(SCALE, width - 2 * SIDE - BEFORE - BEHIND), 4)
    axes = figure.add_axes(((SIDE + BEFORE) / width, bottom, length / width, 3 / total))
    axes.imshow(np.linspace(-1, 1, 255)[None], cmap=map_colours(), aspect="auto", extent=(-1, 1, 0, 1))
    axes.set(xticks=[], yticks=[])
    middle = bottom + 1.5 / total
    figure.text(SIDE / width, middle, "against", fontsize=8, va="center")
    figure.text((SIDE + BEFORE + length + 2) / width, middle, "for the class", fontsize=8, va="center")
