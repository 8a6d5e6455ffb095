"""A board as the windows of one class alone show it: the same estimators, from fewer windows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from ecgbench.leaderboard.statistics.analysis import Analysis, analysis_of
from ecgbench.leaderboard.statistics.ranking import Column, family_places
from ecgbench.leaderboard.statistics.scores.window_scores import WindowScores


def class_views(analysis: Analysis) -> dict[int, Analysis]:
    """Analyses of a board by class, of each class that has patients enough to order anything, where it has two or more.

    Only metrics that count are in them, since they are there to order methods.

    Parameters
    ----------
    analysis : of all classes
    """
    classes = analysis.windows.classes
    if len(classes) < 2:
        return {}
    return {class_: of_class(analysis, class_) for class_ in classes if not analysis.windows.few(class_)}


def of_class(analysis: Analysis, class_: int) -> Analysis:
    """The analysis of the windows of one class, in the metrics that count; methods are not compared in pairs.

    Parameters
    ----------
    analysis : of all classes
    class_ : explained class of the windows that are kept
    """
    board = analysis.board
    shown = tuple(column for column in board.columns if column.ranked)
    windows = _kept(analysis.windows, class_, shown)
    cells = _cells(windows, board.files)
    places = family_places(cells, shown, board.unranked) if shown else board.places.iloc[:, :0]
    return analysis_of(replace(board, columns=shown, places=places, gaps={}), windows, compares=False)


def _kept(windows: WindowScores, class_: int, shown: Iterable[Column]) -> WindowScores:
    names = {column.name for column in shown}
    kept = {seed: target == class_ for seed, target in windows.target.items()}
    return replace(
        windows,
        values={name: values[kept[name[3]]] for name, values in windows.values.items() if name[2] in names},
        patient={seed: patient[kept[seed]] for seed, patient in windows.patient.items()},
        target={seed: target[kept[seed]] for seed, target in windows.target.items()},
        right={},
        probability={},
    )


def _cells(windows: WindowScores, methods: Iterable[str]) -> pd.DataFrame:
    """Means of the kept windows as the tidy frame of accepted results has them; None where none is defined."""
    known = set(methods)
    rows = [
        (*name, float(np.nanmean(scores)) if not np.isnan(scores).all() else None)
        for name, scores in windows.values.items()
        if name[0] in known
    ]
    return pd.DataFrame(rows, columns=["source", "variant", "metric", "seed", "value"])
