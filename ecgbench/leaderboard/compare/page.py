"""What changed between two folders of accepted results, as markdown for a pull request."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ecgbench.leaderboard.compare.changes import CellChange, DatasetChanges
from ecgbench.leaderboard.compare.folders import Name
from ecgbench.leaderboard.pages.tables import NOTHING, label, number, table
from ecgbench.leaderboard.pages.template import render_page
from ecgbench.leaderboard.statistics.ranking import family_name
from ecgbench.results import Cell

SHOWN = 40
"""Rows of a dataset's table of cells, unless all are wanted."""
BEYOND = "†"
"""Marks a difference beyond the metric's tolerance."""


def changes_page(found: Sequence[DatasetChanges], before: str, after: str, limit: int | None = SHOWN) -> str:
    """The page.

    Parameters
    ----------
    found : what changed, by dataset
    before, after : what A and B are called
    limit : rows of cells that are shown of a dataset; None for all
    """
    counts = {name: sum(len(getattr(dataset, name)) for dataset in found) for name in ("changed", "only_before", "only_after")}
    sections = [section for dataset in found if (section := _dataset(dataset, limit))]
    context = {
        "before": before,
        "after": after,
        "counts": counts | {"alike": sum(dataset.alike for dataset in found)},
        "differ": {what: [dataset.name for dataset in found if getattr(dataset, what)] for what in ("identity", "models")},
        "beyond_mark": BEYOND,
        "datasets": sections,
    }
    return render_page("changes.md.j2", context)


def _dataset(changes: DatasetChanges, limit: int | None) -> dict[str, Any] | None:
    """Values of a dataset's section; None if nothing changed."""
    shown = changes.changed[:limit]
    said = {
        "identity": _differing("Identity", changes.identity),
        "models": _differing("Model of seed", changes.models),
        "only": {side: _cell_counts(names) for side, names in (("A", changes.only_before), ("B", changes.only_after)) if names},
        "cells": _cells(shown),
        "more": len(changes.changed) - len(shown),
        "places": _places(changes.places),
        "packages": _differing("Package", changes.packages),
        "notes": [{"side": "A" if a else "B", "text": note} for note, (a, _) in changes.notes.items()],
    }
    return {"name": changes.name, **said} if any(said.values()) else None


def _differing(what: str, pairs: Mapping[str, tuple[str, str]]) -> str:
    rows = [[name, a or NOTHING, b or NOTHING] for name, (a, b) in pairs.items()]
    return table([what, "A", "B"], rows, numbers_from=3) if rows else ""


def _cell_counts(names: Sequence[Name]) -> Counter[str]:
    """How many of the cells are of each variant."""
    return Counter(label(method, variant) for method, variant, _, _ in names)


def _cells(shown: Sequence[CellChange]) -> str:
    rows = [[label(*change.name[:2]), change.name[2], str(change.name[3]), *_texts(change)] for change in shown]
    return table(["variant", "metric", "seed", "A", "B", "B - A", "change"], rows, numbers_from=2) if rows else ""


def _texts(change: CellChange) -> list[str]:
    return [
        _value(change.before),
        _value(change.after),
        _difference(change),
        ", ".join(filter(None, [_judgement(change), _counts(change)])),
    ]


def _value(cell: Cell) -> str:
    if cell.value is None:
        return "undefined"
    return number(cell.value, 4) + ("" if cell.low is None or cell.high is None else f" ({number(cell.low, 4)}..{number(cell.high, 4)})")


def _difference(change: CellChange) -> str:
    interval = "" if math.isnan(change.low) else f" ({change.low:+.3g}..{change.high:+.3g})"
    text = NOTHING if math.isnan(change.difference) else f"{change.difference:+.3g}{interval}"
    marked = f"**{text}**" if change.clear else text
    return marked + (f" {BEYOND}" if change.beyond else "") + ("" if change.paired else " *not paired*")


def _judgement(change: CellChange) -> str:
    return {None: "", True: "better", False: "worse"}[change.better]


def _counts(change: CellChange) -> str:
    """What happened to the numbers of windows."""
    a, b = change.before, change.after
    parts = [("n", a.n, b.n), ("undefined", a.undefined, b.undefined)]
    return ", ".join(f"{what} {old} → {new}" for what, old, new in parts if old != new)


def _places(places: Mapping[tuple[str, str, str], tuple[float, float]]) -> str:
    """Places that changed, a family after the other, those that moved most first."""
    order = sorted(places, key=lambda name: (name[0], -_distance(*places[name]), name))
    rows = [
        [family_name(family), label(method, variant), *map(number, places[family, method, variant])] for family, method, variant in order
    ]
    return table(["place in", "variant", "A", "B"], rows, numbers_from=2) if rows else ""


def _distance(old: float, new: float) -> float:
    return math.inf if math.isnan(old) or math.isnan(new) else abs(old - new)
