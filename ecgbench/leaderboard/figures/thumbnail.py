"""A window's map as a small strip for a table: SVG of a few kB, made of text alone, so that equal numbers give equal bytes."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from ecgbench.leaderboard.figures.canvas import CREATOR
from ecgbench.leaderboard.figures.paper.ruling import full_colour
from ecgbench.leaderboard.figures.style import AGAINST, DARK, FOR, INK

WIDTH, HEIGHT = 170, 32
"""Pixels."""

_COLUMN = 2
"""Pixels of a column that has one colour."""

_SHADES = 5
"""Steps from nothing to full colour."""

_STYLE = (
    f".ecg{{stroke:{INK};fill:none;stroke-width:.8;stroke-linejoin:round}}@media(prefers-color-scheme:dark){{.ecg{{stroke:{DARK[INK]}}}}}"
)

_MARGIN = 2
"""Pixels above and below the ECG."""


def thumbnail(signal: Shaped[np.ndarray, " time"], values: Shaped[np.ndarray, " time"]) -> bytes:
    """One lead's ECG over its map as colours, `WIDTH` x `HEIGHT` pixels, on a transparent ground; legible on light and dark pages.

    A column has the colour of its value of largest absolute size, as a share of the map's 99th percentile: `FOR` where it speaks for the
    class, `AGAINST` where it speaks against it.

    Parameters
    ----------
    signal : (time,), any unit; drawn from its lowest to its highest value
    values : (time,), the map of that lead
    """
    shades = _shades(values)
    ground = [f'<path fill="{fill}" fill-opacity="{share:g}" d="{_columns(shades, level)}"/>' for level, fill, share in _palette()]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"><!-- {CREATOR} -->'
        f'<style>{_STYLE}</style>{"".join(ground)}<path class="ecg" d="{_line(signal)}"/></svg>\n'
    ).encode()


def _palette() -> list[tuple[int, str, float]]:
    """Each level that is drawn with its colour and opacity."""
    steps = range(1, _SHADES + 1)
    return [(sign * step, colour, step / _SHADES) for sign, colour in ((1, FOR), (-1, AGAINST)) for step in steps]


def _shades(values: Any) -> list[int]:
    """The level of each column, from -`_SHADES` to `_SHADES`."""
    scaled = values.astype(np.float64) / full_colour(values)
    extremes = [part[np.abs(part).argmax()] for part in _parts(scaled, WIDTH // _COLUMN)]
    return [int(np.clip(np.round(value * _SHADES), -_SHADES, _SHADES)) for value in extremes]


def _columns(shades: list[int], level: int) -> str:
    """The rectangles of the columns that have a level, as one path."""
    drawn = []
    for shade, run in groupby(enumerate(shades), key=lambda column: column[1]):
        columns = [number for number, _ in run]
        if shade == level:
            drawn.append(f"M{columns[0] * _COLUMN} 0h{len(columns) * _COLUMN}v{HEIGHT}h-{len(columns) * _COLUMN}z")
    return "".join(drawn)


def _line(signal: Any) -> str:
    """The ECG as a path: of each pixel's samples the lowest and the highest in the order in which they come."""
    low, high = float(signal.min()), float(signal.max())
    scale = (HEIGHT - 2 * _MARGIN) / ((high - low) or 1)
    points: list[str] = []
    for pixel, part in enumerate(_parts(signal.astype(np.float64), WIDTH)):
        places = sorted({int(part.argmin()), int(part.argmax())})
        points += [f"{pixel + 0.5:g} {HEIGHT - _MARGIN - (part[at] - low) * scale:.1f}" for at in places]
    return "M" + "L".join(points)


def _parts(values: Float[np.ndarray, " time"], count: int) -> list[Float[np.ndarray, " part"]]:
    """So many about equal parts; of fewer values some stand in several parts."""
    enough = values if len(values) >= count else values[np.arange(count) * len(values) // count]
    return np.split(enough, np.linspace(0, len(enough), count + 1).astype(int)[1:-1])
