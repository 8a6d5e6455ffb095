"""Tables of a page as GitHub's markdown: variants x metrics, with what a cell's typography means."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence

import pandas as pd
from tabulate import tabulate

from ecgbench.leaderboard.statistics.analysis import Analysis, Variant
from ecgbench.leaderboard.statistics.board import Board
from ecgbench.leaderboard.statistics.ranking import AGREEING, Column, place_order
from ecgbench.leaderboard.statistics.scores.gains import Gain
from ecgbench.leaderboard.statistics.scores.summary import Summary

NOTHING = "-"
CONTROL_MARK, UNRANKED_MARK = "‡", "†"
HANDED_IN = " <sub>maps handed in</sub>"
_MARKUP = re.compile(r"[\\`*\[\]~$]|(?<![^\W_])_|_(?![^\W_])")


def table(header: Sequence[str], rows: Iterable[Sequence[str]], numbers_from: int = 1) -> str:
    """A markdown table; columns from `numbers_from` on are aligned to the right."""
    body = [[text.replace("|", "\\|").replace("\n", " ") for text in row] for row in rows]
    align = ["left" if i < numbers_from else "right" for i in range(len(header))]
    return tabulate(body, headers=list(header), tablefmt="pipe", colalign=align, disable_numparse=True)


def escaped(text: str) -> str:
    """Somebody else's text as a line that shows what it holds, be that markup, a table's bar or several lines."""
    return _MARKUP.sub(r"\\\g<0>", html.escape(" ".join(text.split()), quote=False)).replace("|", "&#124;")


def label(method: str, variant: str) -> str:
    """Name of a variant."""
    return f"`{method}` (abs)" if variant == "abs" else f"`{method}`"


def linked(method: str, variant: str, folder: str = "methods/", submitted: Collection[str] = ()) -> str:
    """Name of a variant with a link to its method's page, and a mark if it is one of the methods whose maps were handed in."""
    mark = HANDED_IN if method in submitted else ""
    return f"[`{method}`]({folder}{method}.md)" + (" (abs)" if variant == "abs" else "") + mark


def number(value: float, digits: int = 3) -> str:
    """A score with a fixed number of decimals, never "-0.000"; a dash for nan."""
    return NOTHING if math.isnan(value) else f"{round(value, digits) + 0.0:.{digits}f}"


def signed(value: float, digits: int = 3) -> str:
    """A difference with its sign; none for zero."""
    text = number(value, digits)
    return f"+{text}" if round(value, digits) > 0 else text


def with_interval(value: float, low: float, high: float, digits: int = 3) -> str:
    """A value and, where there is one, its interval."""
    return number(value, digits) if math.isnan(low) else f"{number(value, digits)} ({number(low, digits)}..{number(high, digits)})"


def heading(column: Column, folder: str = "") -> str:
    """Name of a metric, whether it counts, and its direction; with a folder, linked to the metric's page there."""
    name = column.entry.key.replace("_", " ")
    shown = f"[{name}]({folder}{column.entry.key}.md)" if folder else name
    return f"{shown}{'' if column.ranked else UNRANKED_MARK}&nbsp;{arrow(column)}"


def arrow(column: Column) -> str:
    """The metric's direction."""
    return "↑" if column.entry.higher_is_better else "↓"


def family_table(analysis: Analysis, family: str) -> str:
    """Variants x metrics of one family, the best place first; below them chance and the controls."""
    shown = [column for column in analysis.board.columns if column.family == family]
    best = {column.name: best_variants(analysis, column) for column in shown}
    said = {column.name: lacking_everywhere(analysis, column) for column in shown}
    letters, rows = analysis.groups(family), []
    for variant, _, place in ranking(analysis.board.places[family]):
        scores = [score(analysis, variant, column, variant in best[column.name], said[column.name]) for column in shown]
        between = with_interval(float(place), *analysis.interval(family, variant, "place")) if place != NOTHING else NOTHING
        rows.append(
            [
                rank_range(analysis, family, variant),
                linked(*variant, submitted=analysis.board.submitted),
                letters.get(variant, ""),
                between,
                *scores,
            ]
        )
    rows += [[NOTHING, name, "", NOTHING, *levels] for name, levels in _without_knowledge(analysis, shown, said)]
    below = {name: f"<br><sub>{text}</sub>" if text else "" for name, text in said.items()}
    header = ["#", "variant", "group", "place", *(heading(column, "metrics/") + below[column.name] for column in shown)]
    return table(header, rows, numbers_from=3)


def rank_range(analysis: Analysis, family: str, variant: Variant, what: str = "rank") -> str:
    """The interval of a variant's rank by place ("rank"), or in a metric."""
    low, high = analysis.interval(family, variant, what)
    if math.isnan(low):
        return NOTHING
    return f"{low:.0f}" if low == high else f"{low:.0f}..{high:.0f}"


def _without_knowledge(analysis: Analysis, shown: Sequence[Column], said: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """Rows that are no methods': chance, and the controls."""
    chance = chance_levels(analysis.board)
    rows = [("*chance*", [number(chance.get(column.name, math.nan)) for column in shown])]
    controls = sorted(analysis.board.controls, key=lambda key: (bool(analysis.board.controls[key].provenance.get("bound")), key))
    rows += [
        (control_label(analysis.board, key), [score(analysis, (key, "raw"), column, said=said[column.name]) for column in shown])
        for key in controls
    ]
    return [(name, levels) for name, levels in rows if set(levels) != {NOTHING}]


def control_label(board: Board, key: str) -> str:
    """Name of a control, with what it does."""
    return f"*{key}: {escaped(board.controls[key].provenance['control'])}*"


def ranking(places: pd.Series[float]) -> list[tuple[Variant, str, str]]:
    """Variants in the order of their places with "#" and place as text; those without a place last, by name."""
    rounded = places.round(AGREEING)
    positions = rounded.rank(method="min")
    order = place_order(places)
    return [(v, NOTHING, NOTHING) if math.isnan(rounded[v]) else (v, f"{positions[v]:.0f}", number(rounded[v])) for v in order]


def best_variants(analysis: Analysis, column: Column) -> set[Variant]:
    """Variants with the best mean of a metric that counts for them, of those that are ranked and have a value for every seed."""
    board = analysis.board
    means = {
        (method, variant): round(cell.mean, AGREEING)
        for (method, variant, name), cell in analysis.cells.items()
        if name == column.name and column.counts(variant) and cell.seeds == len(board.seeds) and not math.isnan(cell.mean)
        if method in board.files and method not in board.unranked
    }
    best = (max if column.entry.higher_is_better else min)(means.values(), default=math.nan)
    return {variant for variant, mean in means.items() if mean == best}


def score(analysis: Analysis, variant: Variant, column: Column, best: bool = False, said: str = "") -> str:
    """Text of one cell of a table (see `templates/sections/legend.md.j2`); `said` is what its head says of windows without a score."""
    cell = analysis.summary(variant, column)
    if cell is None:
        return NOTHING
    text = "undefined" if math.isnan(cell.mean) else number(cell.mean)
    text = f"**{text}**" if best else text
    if not math.isnan(cell.spread):
        text += f"±{number(cell.spread)}"
    if not math.isnan(cell.low):
        text += f" ({number(cell.low)}..{number(cell.high)})"
    text += CONTROL_MARK if analysis.beaten(variant, column) else ""
    text += "".join(f"<br><sub>{line}</sub>" for line in _below(cell, gained(analysis.gain(variant, column)), said))
    return text if column.counts(variant[1]) else f"<sub>[{text}]</sub>"


def gained(gain: Gain | None) -> str:
    """What a score is worth beside the best blind control's; empty if there is nothing to compare it with."""
    if gain is None:
        return ""
    between = "" if math.isnan(gain.low) else f" ({signed(gain.low)}..{signed(gain.high)})"
    return f"{signed(gain.value)}{between} over&nbsp;{gain.control}"


def _below(cell: Summary, gain: str, said: str) -> list[str]:
    """The small lines of a cell: gain, balanced mean where it is another number, and how many windows have no score unless that is said."""
    lines = [f"gain&nbsp;{gain}"] if gain else []
    lines += [f"balanced&nbsp;{number(cell.balanced)}"] if number(cell.balanced) not in (NOTHING, number(cell.mean)) else []
    return lines + ([lacking(cell)] if lacking(cell) != said else [])


def lacking(cell: Summary) -> str:
    """How many windows have no score; empty if each has one."""
    return f"{cell.undefined}&nbsp;of&nbsp;{cell.windows}&nbsp;undef." if cell.undefined else ""


def lacking_everywhere(analysis: Analysis, column: Column) -> str:
    """How many windows have no score of a metric, where that is so of all methods and controls, two at least; else empty."""
    found = [lacking(cell) for (_, _, metric), cell in analysis.cells.items() if metric == column.name]
    return found[0] if len(found) > 1 and len(set(found)) == 1 else ""


def chance_levels(board: Board) -> Mapping[str, float]:
    """What a map without knowledge scores, by the name of the metric's cells: the mean over the seeds that the board shows.

    A metric whose level is not known of every seed has none, since that of one seed says nothing of another's windows.
    """
    known: dict[str, dict[str, float]] = {}
    for method in sorted(board.files):
        for seed, levels in board.files[method].chance.items():
            for name, level in levels.items():
                known.setdefault(name, {})[seed] = level
    shown = [str(seed) for seed in board.seeds]
    return {name: sum(by[seed] for seed in shown) / len(shown) for name, by in known.items() if all(seed in by for seed in shown)}
