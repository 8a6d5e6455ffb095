"""One side of a comparison: the accepted results of a dataset, what its files say of what they rest on, and the places in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ecgbench.errors import ResultsError
from ecgbench.leaderboard.statistics.board import check_together, is_control, unranked
from ecgbench.leaderboard.statistics.ranking import Column, families, family_places
from ecgbench.results import Cell, MethodResults, read_file, read_scores

Name = tuple[str, str, str, int]
"""Method, variant, metric and seed."""
Texts = dict[str, set[str]]
"""What the files of a folder say, by what it is of; several texts where they disagree."""


@dataclass(frozen=True)
class Folder:
    """One dataset's accepted results.

    Attributes
    ----------
    files : by method
    scores : per-window arrays beside them, by method
    """

    files: Mapping[str, MethodResults]
    scores: Mapping[str, Mapping[str, np.ndarray]]

    @property
    def cells(self) -> dict[Name, Cell]:
        """All numbers."""
        return {(method, cell.variant, cell.metric, cell.seed): cell for method, results in self.files.items() for cell in results.cells}


EMPTY = Folder({}, {})


def is_dataset(folder: Path) -> bool:
    """Whether a folder holds one dataset's results, not folders of several."""
    return any(folder.glob("*.json"))


def read_folders(root: Path) -> dict[str, Folder]:
    """The accepted results below a folder, or in it if it is one dataset's, by the folders' names.

    Raises
    ------
    ResultsError
        If there are none, a file is unreadable or not of the schema, or the files of a folder don't belong together.
    """
    paths = sorted(root.resolve().glob("*.json" if is_dataset(root) else "*/*.json"))
    if not paths:
        raise ResultsError(
            f"expected accepted results in {root}, got none; name a folder such as leaderboards/scores, or a dataset's in it."
        )
    found: dict[str, list[Path]] = {}
    for path in paths:
        found.setdefault(path.parent.name, []).append(path)
    folders = {
        name: Folder({path.stem: read_file(path) for path in own}, {path.stem: read_scores(path) for path in own})
        for name, own in found.items()
    }
    for name, folder in folders.items():
        check_together(name, folder.files)
    return folders


def _gathered(pairs: Iterable[tuple[str, Any]]) -> Texts:
    """What the files of a folder say, by what it is of; several texts where they disagree."""
    found: Texts = {}
    for name, value in pairs:
        found.setdefault(name, set()).add(str(value))
    return found


def identity(folder: Folder) -> Texts:
    """The identity, by what is part of it."""
    return _gathered([pair for results in folder.files.values() for pair in results.identity.items()])


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
    files = {method: results for method, results in folder.files.items() if not is_control(results)}
    rows = [{"method": method, **asdict(cell)} for method, results in files.items() for cell in results.cells if cell.metric in known]
    if not rows:
        return {}
    cells = pd.DataFrame(rows)
    shown = tuple(known[name] for name in sorted(set(cells["metric"])))
    there = set(cells["method"])
    found = family_places(cells, shown, [method for method in unranked(files) if method in there])
    return {(family, *variant): float(found.loc[variant, family]) for family in families(shown) for variant in found.index}
