"""A dataset's facts in a few words each: patients, windows of each class, how good its models are, leakage, licence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from ecgbench.leaderboard.pages.tables import escaped, number
from ecgbench.leaderboard.statistics.analysis import Analysis
from ecgbench.leaderboard.statistics.board import Board

MEASURES = {"accuracy": "accuracy", "macro_f1": "macro F1", "macro_auc": "macro AUC"}
"""How well a model classifies the whole test set, as accepted results and as pages call it."""

_SHARED = "both sides of the split"


class Chip(NamedTuple):
    """A fact, and whether it is a warning."""

    text: str
    warns: bool = False


def chips(analysis: Analysis) -> list[Chip]:
    """Facts of the dataset of a board.

    Parameters
    ----------
    analysis : of all explained windows
    """
    board, windows = analysis.board, analysis.windows
    targets = [windows.target[seed] for seed in windows.seeds]
    each = [f"{board.class_name(class_)} {_range(int((target == class_).sum()) for target in targets)}" for class_ in windows.classes]
    found = [
        Chip(f"{len(windows.patients)} patients"),
        Chip(f"{_range(map(len, targets))} explained windows a model"),
        Chip(", ".join(each)),
        Chip(f"{len(board.seeds)} {board.identity.model}{_measures(board)}"),
    ]
    found += [Chip(escaped(board.dataset.licence))] if board.dataset else []
    return found + [Chip(escaped(note.partition(" (")[0]), warns=True) for note in _leakage(board)]


def _range(values: Iterable[int]) -> str:
    held = sorted(values)
    return f"{held[0]}" if held[0] == held[-1] else f"{held[0]} to {held[-1]}"


def _measures(board: Board) -> str:
    """Behind a colon, accuracy and F1, or what stands for them, from the worst model to the best; empty where they are not known."""
    models = [model for results in board.files.values() for model in results.models.values()]
    said = []
    for name, title in MEASURES.items():
        known = [float(value) for model in models if isinstance(value := model.get(name), float | int) and not np.isnan(value)]
        if known:
            low, high = number(min(known), 2), number(max(known), 2)
            said.append(f"{title} {low if low == high else f'{low} to {high}'}")
    return f": {', '.join(said)}" if said else ""


def _leakage(board: Board) -> list[str]:
    """Notes of patients or signals that are on both sides of the split."""
    notes = dict.fromkeys(note for method in sorted(board.files) for note in board.files[method].notes)
    return [note for note in notes if _SHARED in note]


def part_said(analysis: Analysis) -> str:
    """How small a part of a database the results stand on: "500 of its 21,799 records, one label"; empty for a whole one."""
    part, classes = analysis.board.part, len(analysis.windows.classes)
    if not part:
        return ""
    return f"{part.removesuffix(' are listed.')}, {'one label' if classes == 1 else f'{classes} labels'}"
