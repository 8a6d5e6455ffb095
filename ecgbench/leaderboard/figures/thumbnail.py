"""A window's map as a small strip for a table: SVG of a few kB, made of text alone, so that equal numbers give equal bytes."""

from __future__ import annotations

import numpy as np
from jaxtyping import Shaped

from ecgbench.leaderboard.figures.strip import STYLE, ground, line, svg

WIDTH, HEIGHT = 170, 32
"""Pixels."""


def thumbnail(signal: Shaped[np.ndarray, " time"], values: Shaped[np.ndarray, " time"]) -> bytes:
    """One lead's ECG over its map as colours, `WIDTH` x `HEIGHT` pixels; light on light pages and dark on dark ones.

    A column has the colour of its value of largest absolute size, as a share of the map's 99th percentile: `FOR` where it speaks for the
    class, `AGAINST` where it speaks against it.

    Parameters
    ----------
    signal : (time,), any unit; drawn from its lowest to its highest value
    values : (time,), the map of that lead
    """
    drawn = f'{ground(values, WIDTH, HEIGHT)}<path class="ecg" d="{line(signal, WIDTH, HEIGHT)}"/>'
    return svg(WIDTH, HEIGHT, STYLE, drawn)
