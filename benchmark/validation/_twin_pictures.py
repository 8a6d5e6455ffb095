"""Windows above their twins on ECG paper: 25 mm/s, 10 mm/mV."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecgbench.datasets.records.counterfactuals.twins import Twins
from ecgbench.types import Windows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SMALL, LARGE = (0.04, 0.1), (0.2, 0.5)
"""Sides of the paper's squares in s and mV: 1 mm and 5 mm."""

MILLIMETRES = 1.3
"""Size of one millimetre of paper in the picture, in mm."""

GAP = 0.5
"""mV between a window and its twin."""

COLUMNS = 2

Drawn = tuple[Windows, Twins, int, str, float]
"""Windows, their twins, which of them, its caption, and Hz."""


def draw(path: Path, drawn: Sequence[Drawn]) -> None:
    """Draw each window, its twin below it, and what was exchanged."""
    from matplotlib.figure import Figure

    heights = [_height(one) for one in drawn]
    rows = [max(heights[first : first + COLUMNS]) for first in range(0, len(drawn), COLUMNS)]
    unit = MILLIMETRES / 25.4
    seconds = max(one[0].signal.shape[2] / one[4] for one in drawn) + 1
    size = (COLUMNS * seconds / SMALL[0] * unit, sum(rows) / SMALL[1] * unit * 1.1)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(len(rows), COLUMNS, squeeze=False, height_ratios=rows)
    for ax, one in zip(axes.flat, drawn, strict=False):
        _draw_one(ax, *one)
    for ax in axes.flat[len(drawn) :]:
        ax.set_axis_off()
    figure.savefig(path, dpi=100)


def _height(one: Drawn) -> float:
    """mV that a panel needs."""
    windows, twins, i = one[:3]
    return float(np.ptp(windows.signal[i, 0]) + np.ptp(twins.twin[i, 0]) + 3 * GAP)


def _draw_one(ax: Axes, windows: Windows, twins: Twins, i: int, caption: str, fs: float) -> None:
    window, twin = windows.signal[i, 0], twins.twin[i, 0]
    time = np.arange(len(window)) / fs
    shift = window.min() - GAP - twin.max()
    low, high = twin.min() + shift - GAP, window.max() + GAP
    ax.set(title=caption, xlim=(-0.5, time[-1]), ylim=(low, high), aspect=SMALL[0] / SMALL[1])
    _paper(ax, time[-1], low, high)
    changed = window != twin
    for first, last in _stretches(changed):
        ax.axvspan(time[first], time[last], color="tab:blue", alpha=0.12, linewidth=0)
    base = float(np.median(window))
    ax.plot([-0.4, -0.4, -0.2, -0.2], base + np.array([0, 1, 1, 0]), color="black", linewidth=1)
    ax.plot(time, window, color="black", linewidth=0.9)
    ax.plot(time, twin + shift, color="black", linewidth=0.9)
    ax.plot(time, np.where(changed, twin + shift, np.nan), color="tab:blue", linewidth=1.1)


def _paper(ax: Axes, end: float, low: float, high: float) -> None:
    for (width, height), strength in ((SMALL, 0.35), (LARGE, 0.9)):
        ax.vlines(np.arange(-0.4, end, width), low, high, color="lightcoral", linewidth=strength * 0.8, alpha=0.5)
        ax.hlines(
            np.arange(np.ceil(low / height) * height, high, height), -0.5, end, color="lightcoral", linewidth=strength * 0.8, alpha=0.5
        )
    ax.set(xticks=np.arange(0, end, 1), yticks=[], xlabel="s; the mark at the left is 1 mV")


def _stretches(changed: np.ndarray) -> list[tuple[int, int]]:
    """First and last sample of each stretch that was exchanged; samples that happen to be equal within one don't part it."""
    index = np.flatnonzero(changed)
    parts = np.split(index, np.flatnonzero(np.diff(index) > 5) + 1)
    return [(int(part[0]), int(part[-1])) for part in parts]
