"""One side of a comparison: the accepted results of a dataset, what its files say of what they rest on, and the places in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ecgbench.errors import ResultsError
from ecgbench.leaderboard.statistics.board import board_name, check_together, is_control, unranked
from ecgbench.leaderboard.statistics.copies import copies
from ecgbench.leaderboard.statistics.ranking import Column, bounds_in, families, family_places
from ecgbench.metrics import METRICS, MetricEntry
from ecgbench.registry import Registry
from ecgbench.results import Cell, SourceResults, read_pair, result_files

Name = tuple[str, str, str, int]
"""Source, variant, metric and seed."""
Texts = dict[str, set[str]]
"""What the files of a folder say, by what it is of; several texts where they disagree."""


@dataclass(frozen=True)
class Folder:
    """The accepted results of one dataset and model.

    Attributes
    ----------
    files : by source
    scores : per-window arrays beside them, by source
    """

    files: Mapping[str, SourceResults]
    scores: Mapping[str, Mapping[str, np.ndarray]]

    @property
    def cells(self) -> dict[Name, Cell]:
        """All numbers."""
        return {(source, cell.variant, cell.metric, cell.seed): cell for source, results in self.files.items() for cell in results.cells}


EMPTY = Folder({}, {})


def holds_all(root: Path) -> bool:
    """Whether a folder holds those of several datasets, not one dataset's or one model's results."""
    return not any(root.glob("*.json")) and not any(root.glob("*/*.json"))


def read_folders(root: Path, metrics: Registry[MetricEntry] = METRICS) -> dict[str, Folder]:
    """The accepted results of all datasets below a folder, or of one or of one model in it, by the names of their pages.

    Raises
    ------
    ResultsError
        If there are none, a file is unreadable or not of the schema, or the files of a folder don't belong together.
    """
    root = root.resolve()
    paths = result_files(root) if holds_all(root) else sorted([*root.glob("*.json"), *root.glob("*/*.json")])
    if not paths:
        raise ResultsError(
            f"expected accepted results in {root}, got none; name a folder such as leaderboards/scores, or a dataset's in it."
        )
    folders = {_name(folder): _read(folder, metrics) for folder in sorted({path.parent for path in paths})}
    for name, folder in folders.items():
        check_together(name, folder.files)
    return folders


def _name(folder: Path) -> str:
    models = sorted(path.parent.name for path in folder.parent.glob("*/*.json"))
    return board_name(folder.parent.name, folder.name, models[0])


def _read(folder: Path, metrics: Registry[MetricEntry]) -> Folder:
    bounds = bounds_in(metrics)
    pairs = {path.stem: read_pair(path, bounds) for path in sorted(folder.glob("*.json"))}
    return Folder({source: results for source, (results, _) in pairs.items()}, {source: scores for source, (_, scores) in pairs.items()})


def _gathered(pairs: Iterable[tuple[str, Any]]) -> Texts:
    """What the files of a folder say, by what it is of; several texts where they disagree."""
    found: Texts = {}
    for name, value in pairs:
        found.setdefault(name, set()).add(str(value))
    return found


def identity(folder: Folder) -> Texts:
    """The identity, by what is part of it."""
    return _gathered([pair for results in folder.files.values() for pair in asdict(results.identity).items()])


def packages(folder: Folder) -> Texts:
    """Versions of packages, by their names."""
    return _gathered([pair for results in folder.files.values() for pair in results.provenance.get("packages", {}).items()])


def notes(folder: Folder) -> Texts:
    """The notes, each under itself."""
    return {note: {"said"} for results in folder.files.values() for note in results.notes}


def models(folder: Folder) -> Texts:
    """The models, by seed."""
    return _gathered([(seed, _described(model)) for results in folder.files.values() for seed, model in results.models.items()])


def _described(model: Mapping[str, Any]) -> str:
    measures = [f"{name.replace('_', ' ')} {model[name]:.4f}" for name in ("accuracy", "macro_auc") if model.get(name) is not None]
    return " ".join([f"`{model['digest'][:12]}`", model["origin"], model["precision"], *measures])


def places(folder: Folder, known: Mapping[str, Column]) -> dict[tuple[str, str, str], float]:
    """Places of methods' variants, by family, method and variant."""
    files = {source: results for source, results in folder.files.items() if not is_control(results)}
    rows = [{"source": source, **asdict(cell)} for source, results in files.items() for cell in results.cells if cell.metric in known]
    if not rows:
        return {}
    cells = pd.DataFrame(rows)
    shown = tuple(known[name] for name in sorted(set(cells["metric"])))
    there, apart = set(cells["source"]), {*unranked(files), *copies(folder.files, folder.scores)}
    found = family_places(cells, shown, [method for method in apart if method in there])
    return {(family, *variant): float(found.loc[variant, family]) for family in families(shown) for variant in found.index}
