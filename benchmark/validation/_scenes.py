"""Simulated scores with known truth: patients with an effect of their own, unequal windows, skew, bounds and undefined windows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr

from ecgbench.leaderboard.statistics.ranking import columns
from ecgbench.leaderboard.statistics.scores.window_scores import WindowScores
from ecgbench.metrics import METRICS

FAMILY = "localisation"
NAMES = ("attribution_localization", "auc", "pointing_game")
SHOWN = columns(NAMES, METRICS)
STEEPNESS = 1.5


@dataclass(frozen=True)
class Shape:
    """How a standard normal value becomes a score, and what its mean is then."""

    score: Callable[[np.ndarray], np.ndarray]
    mean: float


SHAPES = {
    "normal": Shape(lambda z: z, 0.0),
    "skewed": Shape(np.exp, math.exp(0.5)),
    # Most scores are near 1, some near 0, as the share of hits is.
    "bounded": Shape(lambda z: ndtr(STEEPNESS * (z + 1)), float(ndtr(STEEPNESS / math.hypot(1, STEEPNESS)))),
}


@dataclass(frozen=True)
class Scene:
    """Scores of one dataset.

    Attributes
    ----------
    patients : how many; a row of a table says it
    gains : of each method, what is added before the shape is given; 0 is no better than any other
    shape : of the scores, a key of `SHAPES`
    within : correlation of two windows of one patient, of one method, 0 to 1
    seeds : number of models
    undefined : share of undefined scores
    """

    patients: int = 0
    gains: tuple[float, ...] = (0.0,)
    shape: str = "bounded"
    within: float = 0.5
    seeds: int = 1
    undefined: float = 0.1

    def draw(self, generator: np.random.Generator, metrics: tuple[str, ...] = NAMES) -> WindowScores:
        """Scores of new patients; half of every effect is common to all methods, and a patient's effect to all metrics and seeds."""
        common, own = generator.standard_normal(self.patients), generator.standard_normal((len(self.gains), self.patients))
        values, patient, target = {}, {}, {}
        for seed in range(self.seeds):
            owner = self._owners(generator)
            patient[seed] = np.array([f"p{i:03}" for i in range(self.patients)])[owner]
            target[seed] = np.ones(len(owner), dtype=np.int64)
            window = generator.standard_normal(len(owner))
            for metric in metrics:
                for method, gain in enumerate(self.gains):
                    rest = math.sqrt(0.5) * (window + generator.standard_normal(len(owner)))
                    mine = math.sqrt(0.5) * (common + own[method])[owner]
                    z = gain + math.sqrt(self.within) * mine + math.sqrt(1 - self.within) * rest
                    scores = SHAPES[self.shape].score(z)
                    scores[generator.random(len(owner)) < self.undefined] = np.nan
                    values[f"m{method}", "raw", metric, seed] = scores
        return WindowScores("simulated", values, patient, target)

    def _owners(self, generator: np.random.Generator) -> np.ndarray:
        """Patient of each window: one at least, five on average, many of some."""
        return np.repeat(np.arange(self.patients), 1 + generator.negative_binomial(1, 0.2, self.patients))


def ranked(scene: Scene) -> pd.DataFrame:
    """A table of places that says that every method is ranked, which is all that is read of it here."""
    index = pd.MultiIndex.from_tuples([(f"m{method}", "raw") for method in range(len(scene.gains))], names=["source", "variant"])
    return pd.DataFrame({FAMILY: 0.0}, index=index)
