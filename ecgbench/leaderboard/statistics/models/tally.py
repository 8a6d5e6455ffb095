"""What every statistic over models and patients needs of the windows: their sums and numbers by model and patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from ecgbench.errors import InputError
from ecgbench.leaderboard.statistics.scores.window_scores import WindowScores
from ecgbench.results import drawn_means, patient_sums

Name = tuple[str, str, str]
"""Method, variant and metric."""


@dataclass(frozen=True)
class Tally:
    """Sums and numbers of the defined windows of several rows, each a variant in a metric.

    Attributes
    ----------
    sums : (rows, models, patients) sum of the defined scores
    counts : (rows, models, patients) number of the defined scores; 0 where a patient has no defined window of a model
    """

    sums: Float64[np.ndarray, "rows models patients"]
    counts: Float64[np.ndarray, "rows models patients"]

    @property
    def models(self) -> int:
        """Number of models."""
        return int(self.sums.shape[1])

    @property
    def patients(self) -> Int64[np.ndarray, " rows"]:
        """Patients with a defined window, of the model with the fewest, by row."""
        fewest: np.ndarray = (self.counts > 0).sum(axis=2).min(axis=1)
        return fewest.astype(np.int64)

    @property
    def means(self) -> Float64[np.ndarray, " rows"]:
        """Mean over models of the means over the defined windows; nan where a model has none."""
        found: np.ndarray = self.model_means(np.ones((1, self.sums.shape[2]), dtype=np.int64))[:, :, 0].mean(axis=1)
        return found

    def model_means(self, weights: Int64[np.ndarray, "draws patients"]) -> Float64[np.ndarray, "rows models draws"]:
        """Mean of each model's defined windows with each patient counted as often as he was drawn; nan where none is defined.

        Parameters
        ----------
        weights : (draws, patients) how often each patient was drawn
        """
        rows, models, patients = self.sums.shape
        found = drawn_means(weights, self.sums.reshape(-1, patients), self.counts.reshape(-1, patients))
        return found.reshape(rows, models, len(weights))

    def take(self, rows: Sequence[int]) -> Tally:
        """Some of the rows, in the order in which they are named."""
        index = np.array(rows, dtype=np.int64)
        return Tally(self.sums[index], self.counts[index])


def tally(windows: WindowScores, names: Sequence[Name]) -> Tally:
    """Sums and numbers of windows of some variants and metrics.

    Parameters
    ----------
    windows : per-window scores of one dataset; seeds are models, which may explain different windows
    names : method, variant and metric of each row, one at least

    Raises
    ------
    InputError
        If there are no names, or one has no scores of some seed.
    """
    lacking = [(*name, seed) for name in names for seed in windows.seeds if (*name, seed) not in windows.values]
    if lacking or not names:
        raise InputError(f"expected names with scores of seeds {windows.seeds}, got {lacking[:1] or 'no names'}; see `complete_names`.")
    found = [
        patient_sums(np.stack([windows.values[*name, seed] for name in names]), windows.index(seed), len(windows.patients))
        for seed in windows.seeds
    ]
    return Tally(np.stack([sums for sums, _ in found], axis=1), np.stack([counts for _, counts in found], axis=1))


def complete_names(windows: WindowScores) -> list[Name]:
    """Names of all rows that have the scores of every seed, in the order in which they were read."""
    names = dict.fromkeys((method, variant, metric) for method, variant, metric, _ in windows.values)
    return [name for name in names if all((*name, seed) in windows.values for seed in windows.seeds)]
