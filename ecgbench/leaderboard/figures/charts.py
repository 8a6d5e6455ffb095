"""Figures of a page: each a function of plain numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_lowercase, ascii_uppercase
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ecgbench.leaderboard.figures.canvas import canvas
from ecgbench.leaderboard.figures.method_style import MethodStyle, method_style
from ecgbench.leaderboard.figures.style import AMBER, BLUE, FAINT, INK, ON_DARK, ON_LIGHT, PAPER, PURPLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

DIGITS = 4
"""Decimals of drawn numbers; further ones depend on the processor."""

_ROW = 0.24
"""Height of a row of a table or a list, inches."""

_PAIR = 0.33
"""Width of a cell with the p of a pair, inches."""

_LABELS = 2.1
"""Room for the names of variants, inches."""

_LINES = {"chance": (FAINT, "--"), "best blind control": (AMBER, ":"), "best control": (AMBER, ":")}
"""Colour and style of lines to compare with, by their names; others have a third one."""

STEPS = (1, 2, 4, 8)
"""Where the colours of a heat map change, half widths of an interval."""


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
    behind: Float[np.ndarray, "rows columns"],
    below: int = 0,
) -> Figure:
    """Values as numbers on colours that say how far behind the best of its column each is; one scale holds for all columns.

    Parameters
    ----------
    rows, columns : their names
    values : (rows, columns) numbers in the cells; nan is left empty
    behind : (rows, columns) how far behind the best, in half widths of an interval, so that what lies inside one has one colour;
        nan where nothing is known
    below : number of last rows that are separated by a line
    """
    levels = np.where(np.isnan(behind), np.nan, np.digitize(behind, STEPS))
    with canvas(_LABELS + max(0.85 * len(columns), 2.6), _ROW * len(rows) + 2) as figure:
        axes = figure.subplots()
        axes.imshow(levels, cmap=_heat(), vmin=0, vmax=len(STEPS), aspect="auto")
        for (i, j), value in np.ndenumerate(values):
            if not np.isnan(value):
                colour = INK if np.isnan(levels[i, j]) else ON_LIGHT if levels[i, j] <= len(STEPS) / 2 else ON_DARK
                axes.text(j, i, f"{round(value, 2) + 0.0:.2f}", ha="center", va="center", color=colour, fontsize=8)
        axes.set_xticks(range(len(columns)), columns, rotation=40, ha="left", rotation_mode="anchor")
        axes.set_yticks(range(len(rows)), rows)
        axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
        axes.spines[:].set_visible(False)
        axes.set_xticks(np.arange(len(columns) + 1) - 0.5, minor=True)
        axes.set_yticks(np.arange(len(rows) + 1) - 0.5, minor=True)
        axes.grid(which="minor", color=PAPER, lw=1.5)
        axes.tick_params(which="minor", length=0)
        if below:
            axes.axhline(len(rows) - below - 0.5, color=INK, lw=1.2)
        _explain_levels(figure)
        return figure


def _heat() -> Colormap:
    """A colour a level, from yellow (as good as the best) to dark blue, which people who are colour-blind see as light and dark."""
    from matplotlib import colormaps

    return colormaps["cividis_r"].resampled(len(STEPS) + 1)


def _explain_levels(figure: Figure) -> None:
    from matplotlib.patches import Patch

    ends = [f"{step:g}" for step in STEPS]
    names = [f"≤ {ends[0]}", *(f"≤ {end}" for end in ends[1:]), f"> {ends[-1]}"]
    patches = [Patch(facecolor=_heat()(level), edgecolor=FAINT, lw=0.5, label=name) for level, name in enumerate(names)]
    title = "behind the best of the column, in half 95 % intervals"
    figure.legend(handles=patches, loc="outside lower right", ncols=len(patches), frameon=False, fontsize=8, title=title, title_fontsize=8)


def interval_figure(rows: Sequence[str], panels: Sequence[Panel], counts: bool = True) -> Figure:
    """A row a variant, a column a quantity: points with their intervals, beside lines to compare them with; grey where nothing counts."""
    from matplotlib.lines import Line2D

    with canvas(_LABELS + 1.75 * len(panels), _ROW * len(rows) + 1.1) as figure:
        grid = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axes, panel in zip(grid, panels, strict=True):
            _draw_panel(axes, panel, BLUE if counts else FAINT)
        grid[0].set_yticks(range(len(rows)), rows)
        grid[0].set_ylim(len(rows) - 0.5, -0.5)
        shown = Line2D([], [], color=BLUE if counts else FAINT, lw=1.6, marker="o", mfc=INK, mec=INK, ms=3.5)
        named = {name: line for axes in grid for name, line in zip(*reversed(axes.get_legend_handles_labels()), strict=True)}
        named = {"mean and 95 % interval": shown} | named
        figure.legend(named.values(), named.keys(), loc="outside lower right", ncols=len(named), frameon=False, fontsize=8)
        return figure


def _draw_panel(axes: Axes, panel: Panel, colour: str) -> None:
    for name, value in panel.lines.items():
        line, style = _LINES.get(name, (PURPLE, "-."))
        axes.axvline(round(value, DIGITS), color=line, ls=style, lw=1.3, label=name)
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
    names = list(places)
    bars = {letter: group for letter, group in zip(ascii_uppercase + ascii_lowercase, groups, strict=False) if len(group) > 1}
    room = 0.3 + 0.16 * len(bars)
    pairs = max(4.2, _PAIR * len(names))
    with canvas(5.2 + room + pairs, 0.31 * len(names) + 1.5) as figure:
        diagram, joined, matrix = figure.subplots(1, 3, width_ratios=(4.2, room, pairs))
        _draw_places(diagram, names, places)
        _draw_bars(joined, names, bars)
        _draw_pairs(matrix, names, adjusted, level)
        return figure


def _draw_places(axes: Axes, names: Sequence[str], places: Mapping[str, float]) -> None:
    """Methods in their order with their places."""
    for row, name in enumerate(names):
        axes.plot([0, round(places[name], DIGITS)], [row, row], color=FAINT, lw=0.6)
        axes.plot(round(places[name], DIGITS), row, "o", color=INK, ms=4)
    axes.set_yticks(range(len(names)), names)
    axes.set(ylim=(len(names) - 0.5, -0.5), xlim=(0, 1), xticks=np.linspace(0, 1, 6))
    axes.set_title("place: 0 best, 1 worst", fontsize=8.5)
    axes.tick_params(axis="y", length=0)


def _draw_bars(axes: Axes, names: Sequence[str], bars: Mapping[str, Sequence[str]]) -> None:
    """A bar beside the methods of each group, under its letter."""
    for number, (letter, group) in enumerate(bars.items()):
        first, last = names.index(group[0]), names.index(group[-1])
        axes.plot([number, number], [first - 0.25, last + 0.25], color=BLUE, lw=3, solid_capstyle="butt")
        axes.text(number, first - 0.3, letter, ha="center", va="bottom", fontsize=8)
    axes.set(ylim=(len(names) - 0.5, -0.5), xlim=(-0.8, max(len(bars), 1) - 0.2), xticks=[], yticks=[])
    axes.set_title("cannot be\ntold apart", fontsize=8.5, pad=12)
    axes.spines[:].set_visible(False)


def _draw_pairs(axes: Axes, names: Sequence[str], adjusted: Float[np.ndarray, "methods methods"], level: float) -> None:
    """The corrected p of each pair, below the diagonal; filled where the pair differs."""
    below = np.tril(np.ones_like(adjusted, dtype=bool), -1)
    axes.imshow(np.where(below, np.where(adjusted <= level, 1.0, 0.25), np.nan), cmap="Blues", vmin=0, vmax=1.1, aspect="auto")
    for i, j in np.argwhere(below):
        p = adjusted[i, j]
        shown = "<.001" if p < 0.001 else f"{p:.3f}".removeprefix("0") if p < 1 else "1"
        axes.text(j, i, shown, ha="center", va="center", fontsize=7, color=ON_DARK if p <= level else ON_LIGHT)
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
    columns = min(len(places), 2)
    lines = -(-len(places) // 2)
    with canvas(5.2 * columns, 4.4 * lines + 0.5) as figure:
        grid = figure.subplots(lines, columns, squeeze=False).ravel()
        for axes in grid[len(places) :]:
            axes.remove()
        for axes, (family, found) in zip(grid, places.items(), strict=False):
            _draw_cost(axes, {method: (seconds[method], place) for method, place in found.items() if seconds.get(method, 0) > 0})
            axes.set_title(family, fontsize=9.5)
            axes.set(xlabel="seconds a window", ylabel="place (0 best)")
        _explain_kinds(figure, {method_style(method) for found in places.values() for method in found})
        return figure


def _draw_cost(axes: Axes, points: Mapping[str, tuple[float, float]]) -> None:
    order = sorted(points, key=lambda method: points[method][1])
    heights = _apart([points[method][1] for method in order], 0.052)
    axes.set(xscale="log", ylim=(max([1.04, *heights]) + 0.02, min([-0.04, *heights]) - 0.02))
    for method, height in zip(order, heights, strict=True):
        style, x, y = method_style(method), float(f"{points[method][0]:.2g}"), round(points[method][1], DIGITS)
        axes.plot(x, y, style.marker, color=style.colour, ms=6, mec=INK, mew=0.5)
        axes.annotate(
            method,
            (x, y),
            xytext=(1.02, height),
            textcoords=axes.get_yaxis_transform(),
            va="center",
            fontsize=8,
            arrowprops={"arrowstyle": "-", "color": style.colour, "lw": 0.6, "relpos": (0, 0.5)},
        )


def _explain_kinds(figure: Figure, styles: Collection[MethodStyle]) -> None:
    from matplotlib.patches import Patch

    colours = dict(sorted((style.kind, style.colour) for style in styles))
    patches = [Patch(color=colour, label=kind) for kind, colour in colours.items()]
    figure.legend(handles=patches, loc="outside lower left", ncols=3, frameon=False, fontsize=8)


def _apart(heights: Sequence[float], gap: float) -> list[float]:
    """Ascending heights moved so that neighbours are at least a gap apart, as a block around where they were."""
    moved: list[float] = []
    for height in heights:
        moved.append(max(height, moved[-1] + gap) if moved else height)
    shift = max(0.0, moved[-1] - 1.0) if moved else 0.0
    return [round(height - shift * (height - moved[0]) / ((moved[-1] - moved[0]) or 1), DIGITS) for height in moved]
