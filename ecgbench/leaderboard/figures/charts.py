"""Figures of a page: each a function of plain numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ecgbench.leaderboard.figures.canvas import canvas
from ecgbench.leaderboard.figures.style import BLUE, FAINT, GREEN, INK, ORANGE, PURPLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DIGITS = 4
"""Decimals of drawn numbers; further ones depend on the processor."""

_ROW = 0.24
"""Height of a row of a table or a list, inches."""

_LABELS = 2.1
"""Room for the names of variants, inches."""

_MARKERS = "osD^vP*X"


@dataclass(frozen=True)
class Interval:
    """A value with its interval; the interval's ends are nan where there is none."""

    value: float
    low: float = float("nan")
    high: float = float("nan")


@dataclass(frozen=True)
class Panel:
    """One column of an interval figure.

    Attributes
    ----------
    title : what is shown, with its direction
    rows : value of each row; None where it does not apply
    lines : positions of vertical lines by their names in the legend, such as "chance"
    """

    title: str
    rows: Sequence[Interval | None]
    lines: Mapping[str, float] = field(default_factory=dict)


def heat_map(
    rows: Sequence[str],
    columns: Sequence[str],
    values: Float[np.ndarray, "rows columns"],
    ranks: Float[np.ndarray, "rows columns"],
    below: int = 0,
) -> Figure:
    """Values as numbers on colours from yellow (rank 0, the best) to dark blue (rank 1, the worst); nan is left empty.

    Parameters
    ----------
    rows, columns : their names
    values : (rows, columns) numbers in the cells
    ranks : (rows, columns) scaled ranks, shown as colours
    below : number of last rows that are separated by a line
    """
    with canvas(_LABELS + 0.85 * len(columns), _ROW * len(rows) + 1.5) as figure:
        axes = figure.subplots()
        axes.imshow(1 - ranks, cmap="cividis", vmin=0, vmax=1, aspect="auto")
        for (i, j), value in np.ndenumerate(values):
            if not np.isnan(value):
                colour = "black" if ranks[i, j] < 0.45 else "white"
                axes.text(j, i, f"{round(value, 2) + 0.0:.2f}", ha="center", va="center", color=colour, fontsize=8)
        axes.set_xticks(range(len(columns)), columns, rotation=40, ha="left", rotation_mode="anchor")
        axes.set_yticks(range(len(rows)), rows)
        axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
        axes.spines[:].set_visible(False)
        axes.set_xticks(np.arange(len(columns) + 1) - 0.5, minor=True)
        axes.set_yticks(np.arange(len(rows) + 1) - 0.5, minor=True)
        axes.grid(which="minor", color="white", lw=1.5)
        axes.tick_params(which="minor", length=0)
        if below:
            axes.axhline(len(rows) - below - 0.5, color=INK, lw=1.2)
        return figure


def interval_figure(rows: Sequence[str], panels: Sequence[Panel], counts: bool = True) -> Figure:
    """A row a variant, a column a quantity: points with their intervals, beside lines to compare them with; grey where nothing counts."""
    with canvas(_LABELS + 1.75 * len(panels), _ROW * len(rows) + 1.1) as figure:
        grid = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axes, panel in zip(grid, panels, strict=True):
            _draw_panel(axes, panel, BLUE if counts else FAINT)
        grid[0].set_yticks(range(len(rows)), rows)
        grid[0].set_ylim(len(rows) - 0.5, -0.5)
        named = {name: line for axes in grid for name, line in zip(*reversed(axes.get_legend_handles_labels()), strict=True)}
        if named:
            figure.legend(named.values(), named.keys(), loc="outside lower right", ncols=len(named), frameon=False, fontsize=8)
        return figure


def _draw_panel(axes: Axes, panel: Panel, colour: str) -> None:
    for line, style, (name, value) in zip((FAINT, ORANGE, PURPLE), ("--", ":", "-."), panel.lines.items(), strict=False):
        axes.axvline(round(value, DIGITS), color=line, ls=style, lw=1.1, label=name)
    for row, found in enumerate(panel.rows):
        axes.axhline(row, color=FAINT, lw=0.2)
        if found is not None and not np.isnan(found.value):
            if not np.isnan(found.low):
                axes.plot(np.round([found.low, found.high], DIGITS), [row, row], color=colour, lw=1.6, solid_capstyle="butt")
            axes.plot(round(found.value, DIGITS), row, "o", color=INK, ms=3.5)
    axes.set_title(panel.title, fontsize=8.5)
    axes.tick_params(axis="y", length=0)
    axes.locator_params(axis="x", nbins=4)


def critical_difference(
    places: Mapping[str, float], groups: Sequence[Sequence[str]], adjusted: Float[np.ndarray, "methods methods"], level: float
) -> Figure:
    """The critical-difference diagram, and beside it which pairs differ.

    Parameters
    ----------
    places : place of each method, the best first
    groups : methods that cannot be told apart, in that order; drawn as bars
    adjusted : corrected p of each pair, in that order
    level : at or below which a pair differs
    """
    names, bars = list(places), [group for group in groups if len(group) > 1]
    with canvas(10.4, 0.31 * len(names) + 1.5) as figure:
        diagram, matrix = figure.subplots(1, 2, width_ratios=(1.35, 1))
        _draw_places(diagram, names, places, bars)
        _draw_pairs(matrix, names, adjusted, level)
        return figure


def _draw_places(axes: Axes, names: Sequence[str], places: Mapping[str, float], bars: Sequence[Sequence[str]]) -> None:
    """Methods in their order with their places, and a bar beside each group."""
    for row, name in enumerate(names):
        axes.plot([0, round(places[name], DIGITS)], [row, row], color=FAINT, lw=0.6)
        axes.plot(round(places[name], DIGITS), row, "o", color=INK, ms=4)
    for number, group in enumerate(bars):
        first, last = names.index(group[0]), names.index(group[-1])
        axes.plot([1.06 + 0.06 * number] * 2, [first - 0.25, last + 0.25], color=BLUE, lw=3, solid_capstyle="butt", clip_on=False)
    axes.set_yticks(range(len(names)), names)
    axes.set(ylim=(len(names) - 0.5, -0.5), xlim=(0, 1.06 + 0.06 * max(len(bars), 1)), xticks=np.linspace(0, 1, 6))
    axes.set_title("place: 0 best, 1 worst\na bar joins methods that cannot be told apart", fontsize=8.5)
    axes.tick_params(axis="y", length=0)


def _draw_pairs(axes: Axes, names: Sequence[str], adjusted: Float[np.ndarray, "methods methods"], level: float) -> None:
    """The corrected p of each pair, below the diagonal; filled where the pair differs."""
    below = np.tril(np.ones_like(adjusted, dtype=bool), -1)
    axes.imshow(np.where(below, np.where(adjusted <= level, 1.0, 0.25), np.nan), cmap="Blues", vmin=0, vmax=1.3, aspect="auto")
    for i, j in np.argwhere(below):
        p = adjusted[i, j]
        shown = "<.001" if p < 0.001 else f"{p:.3f}".removeprefix("0") if p < 1 else "1"
        axes.text(j, i, shown, ha="center", va="center", fontsize=6.5, color="white" if p <= level else INK)
    axes.set_xticks(range(len(names)), names, rotation=90)
    axes.set_yticks(range(len(names)), [])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(f"p of each pair (Holm); dark: they differ (p ≤ {level:g})", fontsize=8.5)


def cost_figure(seconds: Mapping[str, float], places: Mapping[str, Mapping[str, float]]) -> Figure:
    """Seconds that explaining a window takes against the place, a panel a family.

    Parameters
    ----------
    seconds : by method
    places : by family and method, of the better variant
    """
    with canvas(5.2 * len(places), 4.2) as figure:
        for axes, (family, found) in zip(figure.subplots(1, len(places), squeeze=False)[0], places.items(), strict=True):
            _draw_cost(axes, {method: (seconds[method], place) for method, place in found.items() if seconds.get(method, 0) > 0})
            axes.set_title(family, fontsize=9.5)
            axes.set(xlabel="seconds a window", ylabel="place (0 best)")
        return figure


def _draw_cost(axes: Axes, points: Mapping[str, tuple[float, float]]) -> None:
    order = sorted(points, key=lambda method: points[method][1])
    heights = _apart([points[method][1] for method in order], 0.052)
    axes.set(xscale="log", ylim=(max([1.04, *heights]) + 0.02, min([-0.04, *heights]) - 0.02))
    for number, (method, height) in enumerate(zip(order, heights, strict=True)):
        x, y = points[method][0], round(points[method][1], DIGITS)
        colour = (BLUE, ORANGE, GREEN, PURPLE)[number % 4]
        axes.plot(float(f"{x:.2g}"), y, _MARKERS[number % len(_MARKERS)], color=colour, ms=6, mec=INK, mew=0.5)
        axes.annotate(
            method,
            (float(f"{x:.2g}"), y),
            xytext=(1.02, height),
            textcoords=axes.get_yaxis_transform(),
            va="center",
            fontsize=8,
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.6},
        )


def _apart(heights: Sequence[float], gap: float) -> list[float]:
    """Ascending heights moved so that neighbours are at least a gap apart, as a block around where they were."""
    moved: list[float] = []
    for height in heights:
        moved.append(max(height, moved[-1] + gap) if moved else height)
    shift = max(0.0, moved[-1] - 1.0) if moved else 0.0
    return [round(height - shift * (height - moved[0]) / ((moved[-1] - moved[0]) or 1), DIGITS) for height in moved]
