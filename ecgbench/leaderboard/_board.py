"""One folder of accepted results, read, checked for belonging together, and ranked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ecgbench.datasets import DATASETS, DatasetEntry
from ecgbench.errors import ResultsError
from ecgbench.leaderboard.statistics import Column, columns, families, family_places, gaps, grid, summary
from ecgbench.metrics import METRICS, MetricEntry
from ecgbench.registry import Registry
from ecgbench.results import MethodResults, read_files, read_scores


@dataclass(frozen=True)
class Board:
    """What a page shows.

    Attributes
    ----------
    name : the folder: the dataset's key, with "@" and what differs from its default identity behind it
    dataset : what the dataset declares; None if it is not registered here
    files : accepted results by method
    samples : per-window arrays beside them, by method
    columns : the cells' metrics
    summary : by method, variant and metric what `ecgbench.leaderboard.statistics.summary` gives, by name
    places : variants x families
    gaps : what a variant lacks, by family
    """

    name: str
    dataset: DatasetEntry | None
    files: Mapping[str, MethodResults]
    samples: Mapping[str, Mapping[str, np.ndarray]]
    columns: tuple[Column, ...]
    summary: Mapping[tuple[str, str, str], Mapping[str, float]]
    places: pd.DataFrame
    gaps: Mapping[str, Mapping[tuple[str, str], Mapping[str, list[int]]]]

    @property
    def identity(self) -> Mapping[str, Any]:
        """The identity that all files share."""
        return next(iter(self.files.values())).identity

    @property
    def key(self) -> str:
        """The dataset's key."""
        return self.name.partition("@")[0]

    @property
    def title(self) -> str:
        """The dataset's title, or its key if it is not registered here."""
        return self.dataset.title if self.dataset else self.key

    @property
    def default(self) -> bool:
        """Whether this is the dataset's default identity."""
        return "@" not in self.name

    @property
    def embedded(self) -> bool:
        """Whether the dataset is the benchmark's own, which needs no records."""
        return self.dataset is not None and self.dataset.embedded

    @property
    def apart(self) -> bool:
        """Whether simulated records stand in for a database's, so that the page must be kept apart."""
        return bool(self.identity["simulated"]) and not self.embedded

    @property
    def seeds(self) -> tuple[int, ...]:
        """Seeds of the models."""
        return tuple(sorted({cell.seed for results in self.files.values() for cell in results.cells}))

    @property
    def unranked(self) -> tuple[str, ...]:
        """Methods whose results say that they are shown, not ranked."""
        return tuple(sorted(unranked(self.files)))


def unranked(files: Mapping[str, MethodResults]) -> set[str]:
    """Methods whose provenance says `"ranked": false`."""
    return {method for method, results in files.items() if results.provenance.get("ranked") is False}


def read_boards(scores: Path, metrics: Registry[MetricEntry] = METRICS, datasets: Registry[DatasetEntry] = DATASETS) -> tuple[Board, ...]:
    """Boards of all folders of accepted results below `scores`, by name.

    Raises
    ------
    ResultsError
        If there are none, one is unreadable, or the files of a folder don't belong together.
    UnknownKeyError
        If a cell is of a metric that nobody registered.
    """
    folders: dict[str, dict[str, MethodResults]] = {}
    for results in read_files(scores):
        folders.setdefault(results.dataset, {})[results.method] = results
    if not folders:
        raise ResultsError(f"expected accepted results below {scores}, got none; accept some with `pytest benchmark --update-scores`.")
    return tuple(_board(name, files, scores / name, metrics, datasets) for name, files in sorted(folders.items()))


def _board(
    name: str,
    files: Mapping[str, MethodResults],
    folder: Path,
    metrics: Registry[MetricEntry],
    datasets: Registry[DatasetEntry],
) -> Board:
    _check(name, files)
    rows = [{"method": method, **asdict(cell)} for method, results in files.items() for cell in results.cells]
    cells = pd.DataFrame(rows)
    shown = columns(cells["metric"], metrics)
    counted = {family: [c for c in shown if c.family == family and c.entry.ranked] for family in families(shown)}
    values, key = grid(cells), name.partition("@")[0]
    return Board(
        name=name,
        dataset=datasets[key] if key in datasets else None,  # noqa: SIM401  (a Registry has no `get`)
        files=files,
        samples={method: read_scores(folder / f"{method}.json") for method in files},
        columns=shown,
        summary=_by_cell(summary(cells)),
        places=family_places(cells, shown, unranked(files)),
        gaps={family: gaps(values, counted[family]) for family in counted},
    )


def _by_cell(summaries: pd.DataFrame) -> dict[tuple[str, str, str], dict[str, float]]:
    rows = summaries.reset_index().to_dict("records")
    return {(row["method"], row["variant"], row["metric"]): {str(what): row[what] for what in summaries} for row in rows}


def _check(name: str, files: Mapping[str, MethodResults]) -> None:
    for method, results in files.items():
        first = next(iter(files))
        if results.identity != files[first].identity:
            raise ResultsError(
                f"expected one identity in the results of {name}, got {dict(results.identity)} of {method} beside "
                f"{dict(files[first].identity)} of {first}; accept both again with the same options."
            )
        names = [(cell.variant, cell.metric, cell.seed) for cell in results.cells]
        if not names or len(set(names)) < len(names):
            raise ResultsError(
                f"expected one cell per variant, metric and seed in {name}/{method}.json, got {'several' if names else 'none'}; "
                "take the file back from version control, or accept new values with `--update-scores`."
            )
