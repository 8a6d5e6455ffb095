"""Standard ECG paper, and maps as colours on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ecgbench.leaderboard.figures.style import AGAINST, FOR

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MM = 1 / 25.4
"""A millimetre in inches."""

SPEED, GAIN = 25, 10
"""Millimetres a second and a millivolt: standard ECG paper."""

LEAST, MOST = 20, 50
"""Smallest and largest height of a strip, mm; a signal with a larger range is cut."""

SQUARE = 5
"""Side of a large square of the paper, mm."""

CLIP = 99
"""Percentile of a map's absolute values that has the full colour; the few largest values would leave the rest pale."""

_LINE, _GROUND = "#b5554a", "#fffaf7"


def strip_height(extent: float, gain: float = GAIN) -> float:
    """Height of a strip in whole large squares, mm.

    Parameters
    ----------
    extent : highest minus lowest value
    gain : millimetres a unit
    """
    return float(np.clip(np.ceil(extent * gain / SQUARE + 0.5) * SQUARE, LEAST, MOST))


def full_colour(values: NDArray[Any]) -> float:
    """The absolute value of a map that has the full colour, above 0."""
    return float(np.percentile(np.abs(values), CLIP) or np.abs(values).max() or 1)


def rule(axes: Axes, start: float, end: float, low: float, high: float, gain: float = GAIN) -> None:
    """Lines of the paper: every millimetre, every fifth one stronger.

    Parameters
    ----------
    start, end : seconds
    low, high : in the signal's unit
    gain : millimetres a unit
    """
    for step, width in ((1, 0.15), (SQUARE, 0.45)):
        axes.vlines(np.arange(start * SPEED, end * SPEED + 1, step) / SPEED, low, high, colors=_LINE, lw=width, alpha=0.6)
        levels = np.arange(np.ceil(low * gain / step) * step, high * gain, step) / gain
        axes.hlines(levels, start, end, colors=_LINE, lw=width, alpha=0.6)


def map_colours() -> Any:
    """The colour map of attributions: from `AGAINST` over the paper's colour to `FOR`."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("for and against", [AGAINST, _GROUND, FOR])
