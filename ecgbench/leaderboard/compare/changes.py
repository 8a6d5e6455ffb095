"""What changed between two folders of accepted results, cell by cell, whether of methods, controls or submitted maps."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecgbench.errors import UnknownKeyError
from ecgbench.leaderboard.compare.folders import (
    EMPTY,
    Folder,
    Name,
    Texts,
    holds_all,
    identity,
    models,
    notes,
    packages,
    places,
    read_folders,
)
from ecgbench.leaderboard.statistics.ranking import AGREEING, Column, columns
from ecgbench.metrics import METRICS, MetricEntry
from ecgbench.registry import Registry
from ecgbench.results import Cell, mean_interval, same_number, sample_name, score_name
from ecgbench.types import PerWindow

WINDOWS = ("record", "start", "target")


@dataclass(frozen=True)
class CellChange:
    """A cell that is in both and not alike.

    Attributes
    ----------
    name : source, variant, metric and seed
    before, after : its numbers
    difference : after minus before: the mean over the windows that are defined in both, or where windows differ that of the two values;
        nan where there is none
    low, high : its 95 % interval, patients resampled; nan where windows differ, or fewer than two patients are left
    paired : whether both have the same windows
    beyond : whether the values differ by more than the metric's tolerance (otherwise the numbers of windows differ)
    better : by the metric's direction; None where that is unknown or there is no difference
    """

    name: Name
    before: Cell
    after: Cell
    difference: float
    low: float
    high: float
    paired: bool
    beyond: bool
    better: bool | None

    @property
    def clear(self) -> bool:
        """Whether the difference's interval excludes 0."""
        return self.low > 0 or self.high < 0

    @property
    def size(self) -> float:
        """The difference in widths of the older value's interval (of the newer one's where that has none); infinite where there is none."""
        widths = [cell.high - cell.low for cell in (self.before, self.after) if cell.low is not None and cell.high is not None]
        width = next((width for width in widths if width > 0), 0.0)
        return math.inf if math.isnan(self.difference) or width == 0 else abs(self.difference) / width


@dataclass(frozen=True)
class DatasetChanges:
    """What changed on one dataset.

    Attributes
    ----------
    name : the folder's; both names where two folders of different names were compared
    alike : number of cells that are alike
    changed : the others that are in both, the largest change first
    only_before, only_after : cells that one of them lacks
    identity, models, packages, notes : what differs, by what it is of, as texts before and after; empty text for nothing
    places : by family and variant, place before and after, nan where it is not ranked; only those that differ
    """

    name: str
    alike: int
    changed: tuple[CellChange, ...]
    only_before: tuple[Name, ...]
    only_after: tuple[Name, ...]
    identity: Mapping[str, tuple[str, str]]
    models: Mapping[str, tuple[str, str]]
    packages: Mapping[str, tuple[str, str]]
    notes: Mapping[str, tuple[str, str]]
    places: Mapping[tuple[str, str, str], tuple[float, float]]

    @property
    def any(self) -> bool:
        """Whether something changed that numbers rest on: cells, the identity or models; versions and notes alone are no change."""
        return bool(self.changed or self.only_before or self.only_after or self.identity or self.models)


def changes(before: Path, after: Path, metrics: Registry[MetricEntry] = METRICS) -> tuple[DatasetChanges, ...]:
    """What changed, by dataset.

    Parameters
    ----------
    before, after : two folders of accepted results, as `leaderboards/scores`, or one dataset's or one model's below it; two of the
        latter are compared with each other whatever their names
    metrics : their tolerance and direction; of a metric that is no longer there, none

    Raises
    ------
    ResultsError
        If a folder holds no results, a file is unreadable or not of the schema, or the files of a folder don't belong together.
    """
    olds, news = read_folders(before, metrics), read_folders(after, metrics)
    if not holds_all(before) and not holds_all(after) and len(olds) == len(news) == 1:
        (old_name, old), (new_name, new) = *olds.items(), *news.items()
        return (_compared(old_name if old_name == new_name else f"{old_name} → {new_name}", old, new, metrics),)
    return tuple(_compared(name, olds.get(name, EMPTY), news.get(name, EMPTY), metrics) for name in sorted({*olds, *news}))


def _compared(name: str, old: Folder, new: Folder, metrics: Registry[MetricEntry]) -> DatasetChanges:
    known, olds, news = _known(old, new, metrics), old.cells, new.cells
    both = [cell for cell in olds if cell in news]
    tolerance = {metric: column.entry.atol for metric, column in known.items()}
    changed = [cell for cell in both if not same_number(olds[cell], news[cell], tolerance.get(cell[2], 0.0))]
    found = [_change(cell, old, new, known.get(cell[2])) for cell in changed]
    compared = bool(olds and news)
    return DatasetChanges(
        name=name,
        alike=len(both) - len(changed),
        changed=tuple(sorted(found, key=lambda change: (-change.size, change.name))),
        only_before=tuple(sorted(set(olds) - set(news))),
        only_after=tuple(sorted(set(news) - set(olds))),
        identity=_differing(identity(old), identity(new)) if compared else {},
        models=_differing(models(old), models(new)) if compared else {},
        packages=_differing(packages(old), packages(new)) if compared else {},
        notes=_differing(notes(old), notes(new)) if compared else {},
        places=_moved(places(old, known), places(new, known)) if compared else {},
    )


def _known(old: Folder, new: Folder, metrics: Registry[MetricEntry]) -> dict[str, Column]:
    """The cells' metrics by name, without those that nobody registers any longer."""
    found = {}
    for name in {metric for _, _, metric, _ in (*old.cells, *new.cells)}:
        try:
            (found[name],) = columns([name], metrics)
        except UnknownKeyError:
            continue
    return found


def _change(name: Name, old: Folder, new: Folder, column: Column | None) -> CellChange:
    before, after = old.cells[name], new.cells[name]
    values = [number.value for number in (before, after)]
    plain = math.nan if values[0] is None or values[1] is None else values[1] - values[0]
    atol = column.entry.atol if column is not None else 0.0
    differences = _paired(name, old, new)
    difference, low, high = (plain, math.nan, math.nan) if differences is None else _estimate(differences, _patient(name, new))
    return CellChange(
        name=name,
        before=before,
        after=after,
        difference=difference,
        low=low,
        high=high,
        paired=differences is not None,
        beyond=values[0] is not values[1] and not abs(plain) <= atol,
        better=None if column is None or math.isnan(difference) or difference == 0 else (difference > 0) == column.entry.higher_is_better,
    )


def _paired(name: Name, old: Folder, new: Folder) -> PerWindow | None:
    """After minus before for each window, (n,), nan where one is undefined; None where they are not the same windows, or it is not said."""
    (_, variant, metric, seed), held = name, [old.scores[name[0]], new.scores[name[0]]]
    for what in (sample_name(what, seed) for what in (*WINDOWS, "patient")):
        if any(what not in scores for scores in held) or not np.array_equal(held[0][what], held[1][what]):
            return None
    before, after = (scores[score_name(variant, metric, seed)].astype(np.float64) for scores in held)
    return after - before


def _patient(name: Name, folder: Folder) -> np.ndarray:
    return folder.scores[name[0]][sample_name("patient", name[3])]


def _estimate(differences: PerWindow, patient: np.ndarray) -> tuple[float, float, float]:
    """Mean and interval; nan where there is none."""
    defined = differences[~np.isnan(differences)]
    low, high = (math.nan if bound is None else bound for bound in mean_interval(differences, patient))
    return float(defined.mean()) if defined.size else math.nan, low, high


def _differing(old: Texts, new: Texts) -> dict[str, tuple[str, str]]:
    pairs = {name: (", ".join(sorted(old.get(name, ()))), ", ".join(sorted(new.get(name, ())))) for name in sorted({*old, *new})}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _moved(
    old: Mapping[tuple[str, str, str], float], new: Mapping[tuple[str, str, str], float]
) -> dict[tuple[str, str, str], tuple[float, float]]:
    pairs = {name: (old.get(name, math.nan), new.get(name, math.nan)) for name in sorted({*old, *new})}
    return {name: (a, b) for name, (a, b) in pairs.items() if math.isnan(a) != math.isnan(b) or abs(a - b) > 10**-AGREEING}
