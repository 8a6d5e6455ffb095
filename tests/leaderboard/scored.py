"""Made-up per-window scores with a patient effect."""

import numpy as np
import pandas as pd

from ecgbench.leaderboard.statistics.ranking import family_places
from ecgbench.leaderboard.statistics.scores.window_scores import WindowScores


def samples(names, patients=6, seeds=(1, 2), gain=0.3, undefined=0.1, dataset="made up", generator_seed=0):
    """Scores of {(method, variant): advantage} x metrics, with windows that differ by seed, some of them undefined."""
    rng = np.random.default_rng(generator_seed)
    variants, metrics = names
    values, patient, target = {}, {}, {}
    effect = rng.normal(0, 0.2, patients)
    for seed in seeds:
        owner = np.concatenate([np.arange(patients), rng.integers(patients, size=2 * patients + seed)])
        patient[seed] = np.array([f"p{i:02}" for i in owner])
        target[seed] = rng.integers(1, 4, size=len(owner))
        for metric, higher in metrics.items():
            for (method, variant), advantage in variants.items():
                scores = 0.5 + effect[owner] + gain * (advantage if higher else -advantage) + rng.normal(0, 0.1, len(owner))
                scores[rng.random(len(owner)) < undefined] = np.nan
                values[method, variant, metric, seed] = scores
    return WindowScores(dataset, values, patient, target)


def cells(scored):
    """Tidy frame of the cells' means, as accepted results have them."""
    rows = [(*name, None if np.isnan(scores).all() else float(scores[~np.isnan(scores)].mean())) for name, scores in scored.values.items()]
    return pd.DataFrame(rows, columns=["source", "variant", "metric", "seed", "value"])


def places(scored, shown, unranked=()):
    return family_places(cells(scored), shown, unranked)
