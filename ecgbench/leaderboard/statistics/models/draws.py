"""Two-way bootstrap: models and patients are drawn independently of each other, both whole and with replacement.

A window belongs to a model and to a patient. In a draw it counts as often as its model times as often as its patient was drawn, which is
Owen's "pigeonhole" bootstrap. It is made here for what has no formula (ranks, places, agreement of orders, the largest of many
differences); intervals of a mean have one, see `ecgbench.leaderboard.statistics.models.spread`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64, Int64

from ecgbench.leaderboard.statistics.models.tally import Tally, complete_names, tally
from ecgbench.leaderboard.statistics.patients.resampled import MeanDraws
from ecgbench.leaderboard.statistics.scores.window_scores import WindowScores
from ecgbench.randomness import seed_generator
from ecgbench.results import patient_weights


def two_way_draws(scores: Tally, resamples: int, generator: np.random.Generator) -> Float64[np.ndarray, "rows resamples"]:
    """Resampled means over drawn models of the means over the windows of drawn patients.

    Rows are resampled together, so that the difference of two rows is a draw of their difference.

    Parameters
    ----------
    scores : sums and numbers of windows
    resamples : number of draws
    generator : draws the patients, then the models

    Returns
    -------
    (rows, resamples); nan where a drawn model has no defined window of a drawn patient. With one model, only patients are drawn.

    References
    ----------
    Owen 2007, The pigeonhole bootstrap, doi:10.1214/07-AOAS122
    """
    patients = patient_weights(scores.sums.shape[2], resamples, generator)
    models = generator.multinomial(scores.models, np.full(scores.models, 1 / scores.models), size=resamples)
    return _mean_over_models(scores.model_means(patients), models)


def same_patient_draws(
    scores: Sequence[tuple[Tally, Sequence[str]]], resamples: int, generator: np.random.Generator
) -> list[Float64[np.ndarray, "rows resamples"]]:
    """Resampled means as `two_way_draws` makes them, of models of several kinds: each kind's are drawn by themselves, the patients once.

    Parameters
    ----------
    scores : of each kind of model its sums and numbers of windows, and the names of its patients in their order, who may be others
    resamples : number of draws
    generator : draws the patients of all kinds, then the models of each
    """
    every = sorted({name for _, patients in scores for name in patients})
    drawn, found = patient_weights(len(every), resamples, generator), []
    for tallied, patients in scores:
        models = generator.multinomial(tallied.models, np.full(tallied.models, 1 / tallied.models), size=resamples)
        found.append(_mean_over_models(tallied.model_means(drawn[:, np.searchsorted(every, list(patients))]), models))
    return found


def _mean_over_models(
    means: Float64[np.ndarray, "rows models draws"], weights: Int64[np.ndarray, "draws models"]
) -> Float64[np.ndarray, "rows draws"]:
    # A model that was not drawn must not spoil a draw in which it has no defined window.
    drawn = np.where(weights.T == 0, 0.0, means)
    found: np.ndarray = np.einsum("rmd,dm->rd", drawn, weights.astype(np.float64)) / means.shape[1]
    return found


def two_way_means(windows: WindowScores, resamples: int = 2000, seed: int = 0) -> MeanDraws:
    """Resampled means of every variant and metric that has the scores of all seeds, over models and patients.

    Stands where `ecgbench.leaderboard.statistics.patients.resampled.resampled_means` does: `place_draws`, `rank_intervals`,
    `metric_agreement` and `dataset_agreement` then speak of other models, too. What they call the number of patients is here the smaller
    of the numbers of models and of patients, which sets how far out their quantiles are taken; with one model it is 1, which has no
    interval.

    Parameters
    ----------
    windows : per-window scores of one dataset
    resamples : number of draws
    seed : of the generator, beside the dataset's name
    """
    names = complete_names(windows)
    generator = seed_generator(seed, f"models and patients of {windows.dataset}")
    draws = two_way_draws(tally(windows, names), resamples, generator)
    return MeanDraws(dict(zip(names, draws, strict=True)), min(len(windows.seeds), windows.fewest))
