"""An ECG and a map of it as elements of an SVG of any size, in pixels: text alone, so that equal numbers give equal bytes."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import numpy as np
from jaxtyping import Float

from ecgbench.leaderboard.figures.canvas import CREATOR
from ecgbench.leaderboard.figures.paper.ruling import full_colour
from ecgbench.leaderboard.figures.style import AGAINST, DARK, FOR, INK, PAPER

COLUMN = 2
"""Pixels of a column that has one colour."""

SHADES = 5
"""Steps from nothing to full colour."""

MARGIN = 2
"""Pixels above and below the ECG."""

STYLE = (
    f".ecg{{stroke:{INK};fill:none;stroke-width:.8;stroke-linejoin:round}}.paper{{fill:{PAPER}}}"
    f"@media(prefers-color-scheme:dark){{.ecg{{stroke:{DARK[INK]}}}.paper{{fill:{DARK[PAPER]}}}}}"
)
"""Style of the ECG's line and of the ground on light and on dark pages."""


def svg(width: int, height: int, style: str, drawn: str) -> bytes:
    """A file of elements, which says who made it; on a ground of its own, as pages may not have the scheme of the system."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
    paper = f'<rect class="paper" width="{width}" height="{height}"/>'
    return f"{head}<!-- {CREATOR} --><style>{style}</style>{paper}{drawn}</svg>\n".encode()


def ground(values: Float[np.ndarray, " time"] | Any, width: int, height: int) -> str:
    """The map as columns of colour: of each column's values the one of largest absolute size, as a share of the 99th percentile."""
    shades = _shades(values, width // COLUMN)
    drawn = []
    for colour, sign in ((FOR, 1), (AGAINST, -1)):
        for step in range(1, SHADES + 1):
            columns = _columns(shades, sign * step, height)
            drawn.append(f'<path fill="{colour}" fill-opacity="{step / SHADES:g}" d="{columns}"/>' if columns else "")
    return "".join(drawn)


def line(signal: Float[np.ndarray, " time"] | Any, width: int, height: int) -> str:
    """The ECG as a path: of each pixel's samples the lowest and the highest in the order in which they come."""
    low, high = float(signal.min()), float(signal.max())
    scale = (height - 2 * MARGIN) / ((high - low) or 1)
    points: list[str] = []
    for pixel, part in enumerate(_parts(signal.astype(np.float64), width)):
        places = sorted({int(part.argmin()), int(part.argmax())})
        points += [f"{pixel + 0.5:g} {height - MARGIN - (part[at] - low) * scale:.1f}" for at in places]
    return "M" + "L".join(points)


def _shades(values: Any, count: int) -> list[int]:
    """The level of each column, from -`SHADES` to `SHADES`."""
    scaled = values.astype(np.float64) / full_colour(values)
    extremes = [part[np.abs(part).argmax()] for part in _parts(scaled, count)]
    return [int(np.clip(np.round(value * SHADES), -SHADES, SHADES)) for value in extremes]


def _columns(shades: list[int], level: int, height: int) -> str:
    """The rectangles of the columns that have a level, as one path."""
    drawn, at = [], 0
    for shade, run in groupby(shades):
        count = len(list(run))
        if shade == level:
            drawn.append(f"M{at * COLUMN} 0h{count * COLUMN}v{height}h-{count * COLUMN}z")
        at += count
    return "".join(drawn)


def _parts(values: Float[np.ndarray, " time"], count: int) -> list[Float[np.ndarray, " part"]]:
    """So many about equal parts; of fewer values some stand in several parts."""
    enough = values if len(values) >= count else values[np.arange(count) * len(values) // count]
    return np.split(enough, np.linspace(0, len(enough), count + 1).astype(int)[1:-1])
