"""Made-up scores of several models, balanced or as boards have them."""

import numpy as np

from ecgbench.leaderboard.statistics.models import Tally
from ecgbench.leaderboard.statistics.scores.window_scores import WindowScores

VARIANTS = (("a", "raw"), ("a", "abs"), ("b", "raw"), ("b", "abs"), ("c", "raw"))


def balanced(rows=4, models=5, patients=7, windows=3, seed=0):
    """(rows, models, patients, windows) scores with effects of rows, models and patients."""
    rng = np.random.default_rng(seed)
    effects = rng.normal(0, 0.2, (rows, models, 1, 1)) + rng.normal(0, 0.3, (rows, 1, patients, 1)) + rng.normal(0, 1, (rows, 1, 1, 1))
    return effects + rng.normal(0, 0.1, (rows, models, patients, windows))


def balanced_tally(scores):
    return Tally(scores.sum(axis=3), np.full(scores.shape[:3], float(scores.shape[3])))


def as_windows(scores, metric="auc"):
    """The same as a board's windows, each row a method."""
    rows, models, patients, windows = scores.shape
    values = {(f"m{row}", "raw", metric, model): scores[row, model].ravel() for row in range(rows) for model in range(models)}
    patient = {model: np.array([f"p{number:02}" for number in np.repeat(np.arange(patients), windows)]) for model in range(models)}
    target = {model: np.ones(patients * windows, dtype=np.int64) for model in range(models)}
    return WindowScores("made up", values, patient, target)


def uneven(models=3, patients=6, metrics=("auc", "hit"), undefined=0.15, seed=0, gain=0.3):
    """Windows that differ between models, some undefined; not every patient has windows of every model."""
    rng = np.random.default_rng(seed)
    values, patient, target = {}, {}, {}
    effect = rng.normal(0, 0.1, (len(VARIANTS), patients))
    for model in range(models):
        owner = rng.choice(patients, size=4 * patients)
        patient[model] = np.array([f"p{number:02}" for number in owner])
        target[model] = np.ones(len(owner), dtype=np.int64)
        for metric in metrics:
            for row, variant in enumerate(VARIANTS):
                scores = gain * row + effect[row, owner] + rng.normal(0, 0.05) + rng.normal(0, 0.1, len(owner))
                scores[rng.random(len(owner)) < undefined] = np.nan
                values[(*variant, metric, model)] = scores
    return WindowScores("made up", values, patient, target)
