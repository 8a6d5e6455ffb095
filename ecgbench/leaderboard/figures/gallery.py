"""The gallery: a method's best, median and worst map, over the ECG on standard paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ecgbench.leaderboard.figures.canvas import canvas
from ecgbench.leaderboard.figures.ecg_paper import GAIN, MM, SPEED, full_colour, map_colours, rule, strip_height
from ecgbench.leaderboard.figures.style import INK
from ecgbench.leaderboard.statistics.board import Board
from ecgbench.results import gallery_name, sample_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARGINS = 4, 9
"""Margins beside and above a strip, mm."""

_NAMES = ("best", "median", "worst")


class Strip(NamedTuple):
    """One window: title, signal in mV, map and mask, each (time,)."""

    title: str
    signal: np.ndarray
    values: np.ndarray
    mask: np.ndarray


def gallery_figure(board: Board, method: str) -> Figure | None:
    """The kept windows of a method; None if none are kept."""
    strips = _strips(board, method)
    if not strips or board.dataset is None:
        return None
    fs = board.dataset.numbers(board.identity.edition or None).fs
    width = len(strips[0].signal) / fs * SPEED + 2 * _MARGINS[0]
    heights = [_height(strip) * GAIN + _MARGINS[1] for strip in strips]
    with canvas(width * MM, sum(heights) * MM, arranged=False) as figure:
        top = 1.0
        for strip, height in zip(strips, heights, strict=True):
            top -= height / sum(heights)
            axes = _strip_axes(figure, top, _height(strip) * GAIN / sum(heights), width)
            _draw(axes, strip, fs)
        return figure


def _strips(board: Board, method: str) -> list[Strip]:
    kept, arrays, seed = {}, board.samples[method], board.seeds[0]
    for what in ("window", "score", "signal", "map", "mask", "lead", "variant", "metric"):
        if gallery_name(what, seed) not in arrays:
            return []
        kept[what] = arrays[gallery_name(what, seed)]
    return [
        Strip(_title(board, arrays, kept, row), kept["signal"][row] / 1000, kept["map"][row].astype(np.float64), kept["mask"][row])
        for row in range(len(kept["window"]))
    ]


def _title(board: Board, arrays: Any, kept: dict[str, np.ndarray], row: int) -> str:
    """Name of the strip, score, class, and position of the window."""
    index, seed = kept["window"][row], board.seeds[0]
    record, start, target = (arrays[sample_name(what, seed)][index] for what in ("record", "start", "target"))
    lead = f", lead {int(kept['lead'][row]) + 1}" if board.dataset and board.dataset.protocol.leads > 1 else ""
    metric, name = str(kept["metric"]).replace("_", " "), board.class_name(int(target))
    return f"{_NAMES[row]}: {metric} {kept['score'][row]:.2f}   {name}, record {record} from sample {int(start)}{lead}"


def _height(strip: Strip) -> float:
    """Millivolts of the strip, in halves."""
    return strip_height(float(np.ptp(strip.signal))) / GAIN


def _strip_axes(figure: Figure, bottom: float, height: float, width: float) -> Axes:
    side = _MARGINS[0] / width
    return figure.add_axes((side, bottom + 0.004, 1 - 2 * side, height))


def _draw(axes: Axes, strip: Strip, fs: float) -> None:
    """The map as colour behind the paper's lines, the ECG over both, the label's beats as bars above."""
    seconds, height = len(strip.signal) / fs, _height(strip)
    middle = (strip.signal.max() + strip.signal.min()) / 2
    low, high = middle - height / 2, middle + height / 2
    scaled = strip.values[None] / full_colour(strip.values)
    extent = (0, seconds, low, high)
    axes.imshow(scaled, cmap=map_colours(), vmin=-1, vmax=1, aspect="auto", interpolation="nearest", extent=extent)
    rule(axes, 0, seconds, low, high)
    time = np.arange(len(strip.signal)) / fs
    axes.plot(time, strip.signal, color=INK, lw=0.8)
    axes.fill_between(time, 1.01, 1.05, where=strip.mask, transform=axes.get_xaxis_transform(), color=INK, lw=0, clip_on=False)
    axes.set(xlim=(0, seconds), ylim=(low, high), xticks=[], yticks=[])
    axes.set_title(strip.title, loc="left", fontsize=8, pad=7)
