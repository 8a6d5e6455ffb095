"""Per-window scores of a dataset, checked to be of the same windows for all methods."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64, Shaped

from ecgbench.errors import ResultsError
from ecgbench.leaderboard.statistics.board import Board
from ecgbench.results import OF_PREDICTIONS, sample_name, score_name
from ecgbench.types import PerWindow, Targets

NEEDED = ("patient", "target")
"""Arrays of the windows that every archive must have."""

IDENTIFYING = ("record", "start", *NEEDED, *OF_PREDICTIONS)
"""Arrays of the windows that must be the same for all methods, as far as they are there."""


LEAST_PATIENTS = 5
"""Patients that a class must have with every seed for its scores to order anything."""


@dataclass(frozen=True)
class WindowScores:
    """Per-window scores of one dataset.

    Attributes
    ----------
    dataset : its name, which seeds the draws, so that those of two datasets are independent
    values : by method, variant, metric and seed, (n,) scores, nan where undefined
    patient, target : by seed, (n,) the windows' patients and explained classes
    right, probability : by seed, (n,) whether the prediction is right, and its probability; empty where no predictions are explained
    """

    dataset: str
    values: Mapping[tuple[str, str, str, int], Float64[np.ndarray, " _"]]
    patient: Mapping[int, Shaped[np.ndarray, " _"]]
    target: Mapping[int, Int64[np.ndarray, " _"]]
    right: Mapping[int, Bool[np.ndarray, " _"]] = field(default_factory=dict)
    probability: Mapping[int, Float32[np.ndarray, " _"]] = field(default_factory=dict)

    @cached_property
    def patients(self) -> tuple[str, ...]:
        """Patients of all seeds, by name."""
        return tuple(sorted({str(name) for names in self.patient.values() for name in names}))

    @property
    def fewest(self) -> int:
        """Number of patients of the seed that has the fewest."""
        return min(len(set(names)) for names in self.patient.values())

    @property
    def seeds(self) -> tuple[int, ...]:
        """Seeds of the models."""
        return tuple(sorted(self.patient))

    @cached_property
    def classes(self) -> tuple[int, ...]:
        """Explained classes of all seeds."""
        return tuple(sorted({int(class_) for target in self.target.values() for class_ in target}))

    def class_patients(self, class_: int) -> dict[int, int]:
        """Number of patients of the explained windows of a class, by seed."""
        return {seed: len(set(self.patient[seed][self.target[seed] == class_])) for seed in self.seeds}

    @cached_property
    def of_few_patients(self) -> frozenset[int]:
        """Classes that have too few patients with some seed."""
        return frozenset(class_ for class_ in self.classes if min(self.class_patients(class_).values()) < LEAST_PATIENTS)

    def few(self, class_: int) -> bool:
        """Whether a class has too few patients with some seed."""
        return class_ in self.of_few_patients

    def variants(self, metric: str) -> tuple[tuple[str, str], ...]:
        """Method or control and variant of all that have a metric's scores of every seed."""
        names = dict.fromkeys(name[:2] for name in self.values if name[2] == metric)
        return tuple(name for name in names if all((*name, metric, seed) in self.values for seed in self.seeds))

    def index(self, seed: int) -> Int64[np.ndarray, " _"]:
        """(n,) number in `patients` of each window's patient."""
        return np.searchsorted(self.patients, self.patient[seed])


def window_scores(board: Board) -> WindowScores:
    """Per-window scores of a board.

    Raises
    ------
    ResultsError
        If two methods were scored on different windows with the same seed.
    """
    values, windows = {}, dict[tuple[str, int], tuple[str, np.ndarray]]()
    for method, arrays in board.samples.items():
        cells = board.everything[method].cells
        for seed in sorted({cell.seed for cell in cells}):
            _check(board.name, method, seed, arrays, windows)
        for cell in cells:
            scores = arrays[score_name(cell.variant, cell.metric, cell.seed)]
            values[method, cell.variant, cell.metric, cell.seed] = scores.astype(np.float64)
    held = {wanted: {seed: array for (what, seed), (_, array) in windows.items() if what == wanted} for wanted in IDENTIFYING}
    return WindowScores(board.name, values, *(held[what] for what in (*NEEDED, *OF_PREDICTIONS)))


def _check(
    dataset: str, method: str, seed: int, arrays: Mapping[str, np.ndarray], windows: dict[tuple[str, int], tuple[str, np.ndarray]]
) -> None:
    for what in IDENTIFYING:
        array = arrays.get(sample_name(what, seed))
        if array is None:
            continue
        first, known = windows.setdefault((what, seed), (method, array))
        if not np.array_equal(array, known):
            raise ResultsError(
                f"expected one {what} per window of seed {seed} in all results of {dataset}, got others of {method} than of {first}; "
                "accept both again with the same model."
            )


def balanced_mean(values: PerWindow, target: Targets) -> float:
    """Mean over classes of the means over their defined windows: a class of few windows counts as much as one of many.

    Parameters
    ----------
    values : (n,) score of each window, nan where undefined
    target : (n,) explained class of each window

    Returns
    -------
    The mean over the classes that have a defined window; nan if none has.
    """
    means = [mean for mean, defined, _ in class_means(values, target).values() if defined]
    return float(np.mean(means)) if means else math.nan


def class_means(values: PerWindow, target: Targets) -> dict[int, tuple[float, int, int]]:
    """Mean of each class, and how many of its windows are defined and how many are not.

    Parameters
    ----------
    values : (n,) score of each window, nan where undefined
    target : (n,) explained class of each window

    Returns
    -------
    by class: mean (nan if none is defined), number of defined windows, of undefined ones
    """
    found, defined = {}, ~np.isnan(values)
    for class_ in np.unique(target).tolist():
        held, windows = values[defined & (target == class_)], int((target == class_).sum())
        found[class_] = (math.fsum(held) / len(held) if len(held) else math.nan, len(held), windows - len(held))
    return found
