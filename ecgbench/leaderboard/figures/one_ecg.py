"""One ECG under the maps of several methods, in a glance: not on standard paper, so that four rows are one hand high."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float

from ecgbench.leaderboard.figures.canvas import canvas
from ecgbench.leaderboard.figures.paper.ruling import full_colour, map_colours
from ecgbench.leaderboard.figures.style import AGAINST, FOR, INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _NAMES, _ROW, _ABOVE, _BELOW = 8.8, 1.6, 0.62, 0.42, 0.42
"""Of the figure, of the names left of the rows, of a row, above and below all of them; inches."""


def one_ecg_figure(
    signal: Float[np.ndarray, " time"],
    mask: Bool[np.ndarray, " time"],
    fs: float,
    maps: Mapping[str, Float[np.ndarray, " time"]],
    title: str,
) -> Figure:
    """The ECG once a row, each with a method's map behind it as colours.

    Parameters
    ----------
    signal : (time,), mV
    mask : (time,), samples of the beats that carry the label, shown as bars above the first row
    fs : Hz
    maps : (time,) by method, from the top down
    title : what is shown
    """
    height = _ABOVE + _ROW * len(maps) + _BELOW
    with canvas(_WIDTH, height, arranged=False) as figure:
        figure.text(0.01, 1 - 0.13 / height, title, fontsize=10, weight="bold", va="center")
        seconds = len(signal) / fs
        for number, (method, values) in enumerate(maps.items()):
            bottom = 1 - (_ABOVE + _ROW * (number + 1)) / height
            axes = figure.add_axes((_NAMES / _WIDTH, bottom, 1 - (_NAMES + 0.1) / _WIDTH, 0.94 * _ROW / height))
            _draw(axes, signal, values, seconds)
            figure.text(0.01, bottom + 0.47 * _ROW / height, method, fontsize=9, va="center")
            if number == 0:
                time = np.arange(len(signal)) / fs
                axes.fill_between(time, 1.03, 1.1, where=mask, transform=axes.get_xaxis_transform(), color=INK, lw=0, clip_on=False)
        axes.set_xticks(range(int(seconds) + 1), [f"{second} s" for second in range(int(seconds) + 1)])
        _legend(figure, height)
        return figure


def _draw(axes: Axes, signal: np.ndarray, values: np.ndarray, seconds: float) -> None:
    low, high = float(signal.min()), float(signal.max())
    margin = 0.06 * (high - low or 1)
    extent = (0, seconds, low - margin, high + margin)
    scaled = values[None] / full_colour(values)
    axes.imshow(scaled, cmap=map_colours(), vmin=-1, vmax=1, aspect="auto", interpolation="nearest", extent=extent)
    axes.plot(np.arange(len(signal)) * seconds / len(signal), signal, color="black", lw=0.8)
    axes.set(xlim=extent[:2], ylim=extent[2:], xticks=[], yticks=[])
    for side in axes.spines.values():
        side.set_visible(False)


def _legend(figure: Figure, height: float) -> None:
    """What the colours and the bars mean."""
    said = [(FOR, "speaks for the class"), (AGAINST, "speaks against it"), (INK, "bar: the beats that carry the label")]
    for number, (colour, text) in enumerate(said):
        left = (_NAMES + 0.1 + 1.9 * number) / _WIDTH
        figure.text(left, 0.08 / height, "■ ", fontsize=9, color=colour)
        figure.text(left + 0.018, 0.08 / height, text, fontsize=8)
