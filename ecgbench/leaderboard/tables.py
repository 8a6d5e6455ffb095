"""Tables of a page as GitHub's markdown: variants x metrics, with what a cell's typography means."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd
from tabulate import tabulate

from ecgbench.leaderboard._board import Board
from ecgbench.leaderboard.statistics import AGREEING, Column

NOTHING = "-"
LEGEND = """\
- A row is a variant: a method with its signed maps, or, as `method` (abs), with their absolute values.
- A cell is the mean over seeds ± their standard deviation; of a single seed, the mean (and its 95 % interval, patients resampled).
- **Bold** is best in its column, of the methods that are ranked; ↑ higher is better, ↓ lower is better. A dash is no value.
- A metric with † is shown and does not count for the place. A cell <sub>[small, in brackets]</sub> is of a metric that does not apply to
  absolute maps; it does not count either.
- "undef." is the share of windows where the metric is undefined; the mean is over the others.
- Place is the mean over the metrics that count and apply of the variant's rank among the variants, scaled to 0 (best) .. 1 (worst);
  ties share the lowest rank; # orders the places. A variant that lacks a cell which applies to it is not ranked.
- s / window is the time a metric took for a window, averaged over the row's cells, with what cells share counted in each.
"""


def table(header: Sequence[str], rows: Iterable[Sequence[str]], numbers_from: int = 1) -> str:
    """A markdown table; columns from `numbers_from` on are aligned to the right."""
    body = [[text.replace("|", "\\|") for text in row] for row in rows]
    align = ["left" if i < numbers_from else "right" for i in range(len(header))]
    return tabulate(body, headers=list(header), tablefmt="pipe", colalign=align, disable_numparse=True)


def label(method: str, variant: str) -> str:
    """Name of a variant."""
    return f"`{method}` (abs)" if variant == "abs" else f"`{method}`"


def number(value: float, digits: int = 3) -> str:
    """A score with a fixed number of decimals, never "-0.000"."""
    return f"{round(value, digits) + 0.0:.{digits}f}"


def duration(seconds: float) -> str:
    """Seconds with three significant digits."""
    if math.isnan(seconds):
        return NOTHING
    return f"{seconds:.3g}" if seconds < 1000 else f"{seconds:.0f}"


def heading(column: Column) -> str:
    """Name of a metric, whether it counts, and its direction."""
    mark = "" if column.entry.ranked else "†"
    return f"{column.entry.key.replace('_', ' ')}{mark}&nbsp;{'↑' if column.entry.higher_is_better else '↓'}"


def family_table(board: Board, family: str) -> str:
    """Variants x metrics of one family, the best place first."""
    shown = [column for column in board.columns if column.family == family]
    best = {column.name: best_variants(board, column) for column in shown}
    rows = []
    for variant, position, place in ranking(board.places[family]):
        scores = [score(board, variant, column, variant in best[column.name]) for column in shown]
        rows.append([position, label(*variant), place, *scores, _cost(board, variant, shown)])
    chance = _chance(board)
    if any(column.name in chance for column in shown):
        levels = [number(chance[column.name]) if column.name in chance else NOTHING for column in shown]
        rows.append([NOTHING, "*chance*", NOTHING, *levels, NOTHING])
    return table(["#", "variant", "place", *map(heading, shown), "s / window"], rows, numbers_from=2)


def ranking(places: pd.Series[float]) -> list[tuple[tuple[str, str], str, str]]:
    """Variants in the order of their places with "#" and place as text; those without a place last, by name."""
    places = places.round(AGREEING)
    positions = places.rank(method="min")
    order = sorted(places.index, key=lambda variant: (math.isnan(places[variant]), places[variant], label(*variant)))
    return [(v, NOTHING, NOTHING) if math.isnan(places[v]) else (v, f"{positions[v]:.0f}", number(places[v])) for v in order]


def best_variants(board: Board, column: Column) -> set[tuple[str, str]]:
    """Variants with the best mean of a metric, of those that are ranked, to which it applies and which have a value for every seed."""
    means = {
        (method, variant): round(row["mean"], AGREEING)
        for (method, variant, name), row in board.summary.items()
        if name == column.name and column.applies(variant) and row["seeds"] == len(board.seeds) and not math.isnan(row["mean"])
        if method not in board.unranked
    }
    best = (max if column.entry.higher_is_better else min)(means.values(), default=math.nan)
    return {variant for variant, mean in means.items() if mean == best}


def score(board: Board, variant: tuple[str, str], column: Column, best: bool = False) -> str:
    """Text of one cell of a table (see `LEGEND`)."""
    row = board.summary.get((*variant, column.name))
    if row is None:
        return NOTHING
    text = "undefined" if math.isnan(row["mean"]) else number(row["mean"])
    text = f"**{text}**" if best else text
    if not math.isnan(row["spread"]):
        text += f"±{number(row['spread'])}"
    if not math.isnan(row["low"]):
        text += f" ({number(row['low'])}..{number(row['high'])})"
    if row["undefined"] > 0:
        text += f"<br><sub>{_percent(row['undefined'])}&nbsp;undef.</sub>"
    return text if column.applies(variant[1]) else f"<sub>[{text}]</sub>"


def _percent(share: float) -> str:
    return "&lt;1%" if share < 0.01 else f"{100 * share:.0f}%"


def _cost(board: Board, variant: tuple[str, str], shown: Sequence[Column]) -> str:
    cells = [(*variant, column.name) for column in shown]
    seconds = [board.summary[cell]["seconds"] for cell in cells if cell in board.summary]
    return duration(sum(seconds) / len(seconds)) if seconds else NOTHING


def _chance(board: Board) -> Mapping[str, float]:
    levels: dict[str, float] = {}
    for method in sorted(board.files):
        levels.update(board.files[method].provenance.get("chance", {}))
    return levels


def missing(board: Board, family: str) -> list[str]:
    """Why variants are not ranked in a family, a line each."""
    lines = []
    gaps = {variant: lacking for variant, lacking in board.gaps[family].items() if variant[0] not in board.unranked}
    for variant, lacking in sorted(gaps.items()):
        what = "; ".join(f"{name.replace('_', ' ')} of seed {', '.join(map(str, seeds))}" for name, seeds in lacking.items())
        lines.append(f"{label(*variant)} is not ranked: no value of {what}.")
    return lines + [f"`{method}` is shown for comparison and not ranked." for method in board.unranked]
