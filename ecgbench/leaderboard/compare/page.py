"""What changed between two folders of accepted results, as markdown for a pull request."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from ecgbench.leaderboard.compare.changes import CellChange, DatasetChanges
from ecgbench.leaderboard.compare.folders import Name
from ecgbench.leaderboard.pages.tables import NOTHING, label, number, table
from ecgbench.results import Cell

SHOWN = 40
"""Rows of a dataset's table of cells, unless all are wanted."""
BEYOND = "†"
LEGEND = f"""\
The difference is B minus A over the windows that both have a score for, with its 95 % interval, for which patients are drawn again with
their windows; *not paired* where the windows differ, so that only the two intervals can be looked at. **Bold**: the interval excludes 0.
{BEYOND}: beyond the metric's tolerance. The largest changes come first, in widths of A's interval.
n is the number of windows with a score.\
"""


def changes_page(found: Sequence[DatasetChanges], before: str, after: str, limit: int | None = SHOWN) -> str:
    """The page.

    Parameters
    ----------
    found : what changed, by dataset
    before, after : what A and B are called
    limit : rows of cells that are shown of a dataset; None for all
    """
    parts = [f"### Accepted results: A = `{before}`, B = `{after}`", _headline(found)]
    if any(dataset.changed for dataset in found):
        parts.append(LEGEND)
    parts += [part for dataset in found for part in _dataset(dataset, limit)]
    return "\n\n".join(parts) + "\n"


def _headline(found: Sequence[DatasetChanges]) -> str:
    counts = [
        f"{sum(dataset.alike for dataset in found)} alike",
        f"{sum(len(dataset.changed) for dataset in found)} changed",
        f"{sum(len(dataset.only_before) for dataset in found)} only in A",
        f"{sum(len(dataset.only_after) for dataset in found)} only in B",
    ]
    differ = {what: [d.name for d in found if getattr(d, what)] for what in ("identity", "models")}
    said = [f"{what} differ{'s' if what == 'identity' else ''} on {', '.join(names)}" for what, names in differ.items() if names]
    return "; ".join([f"**Cells: {', '.join(counts)}**", *said]) + "."


def _dataset(changes: DatasetChanges, limit: int | None) -> list[str]:
    """Parts of the page; none if nothing is to be said of the dataset."""
    parts = [
        *_differing("Identity", changes.identity),
        *_differing("Model of seed", changes.models),
        *_only("A", changes.only_before),
        *_only("B", changes.only_after),
        *_cells(changes.changed, limit),
        *_places(changes.places),
        *_differing("Package", changes.packages),
        *_notes(changes.notes),
    ]
    return [f"#### {changes.name}", *parts] if parts else []


def _differing(what: str, pairs: Mapping[str, tuple[str, str]]) -> list[str]:
    return (
        [table([what, "A", "B"], [[name, a or NOTHING, b or NOTHING] for name, (a, b) in pairs.items()], numbers_from=3)] if pairs else []
    )


def _only(side: str, names: Sequence[Name]) -> list[str]:
    counts = Counter(label(method, variant) for method, variant, _, _ in names)
    return [f"Only in {side}: " + ", ".join(f"{name} ({count} cells)" for name, count in counts.items()) + "."] if names else []


def _notes(notes: Mapping[str, tuple[str, str]]) -> list[str]:
    return ["\n".join(f"- Note only in {'A' if a else 'B'}: {note}" for note, (a, _) in notes.items())] if notes else []


def _cells(changed: Sequence[CellChange], limit: int | None) -> list[str]:
    if not changed:
        return []
    shown = changed[:limit]
    rows = [[label(*change.name[:2]), change.name[2], str(change.name[3]), *_texts(change)] for change in shown]
    more = len(changed) - len(shown)
    rest = [f"{more} more changed cells; `--all` shows them."] if more else []
    return [table(["variant", "metric", "seed", "A", "B", "B - A", "change"], rows, numbers_from=2), *rest]


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


def _places(places: Mapping[tuple[str, str, str], tuple[float, float]]) -> list[str]:
    """Places that changed, a family after the other, those that moved most first."""
    order = sorted(places, key=lambda name: (name[0], -_distance(*places[name]), name))
    rows = [[family, label(method, variant), *map(number, places[family, method, variant])] for family, method, variant in order]
    return [table(["place in", "variant", "A", "B"], rows, numbers_from=2)] if rows else []


def _distance(old: float, new: float) -> float:
    return math.inf if math.isnan(old) or math.isnan(new) else abs(old - new)
