"""Which variant stands for a method, chosen on other patients than those on whom it is then scored.

A method's signed and absolute maps are two variants, of which the better one stands for it. Chosen and scored on the same windows, the
better of two looks better than it is, the more so the more alike and the noisier the two are. Cross-fitting takes that away: the choice is
made on one half of the patients, the score on the other, in both directions and over several splits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Int64

from ecgbench.errors import InputError
from ecgbench.leaderboard.statistics.models.tally import complete_names, tally
from ecgbench.leaderboard.statistics.patients.patient_places import chosen_variants
from ecgbench.leaderboard.statistics.patients.resampled import MeanDraws, RankDraws, place_draws
from ecgbench.leaderboard.statistics.ranking import Column
from ecgbench.leaderboard.statistics.scores.window_scores import WindowScores
from ecgbench.randomness import seed_generator


@dataclass(frozen=True)
class CrossFitted:
    """A family's methods, each by the variant that is chosen on other patients.

    Attributes
    ----------
    chosen : by method, the variant that the scores of all patients choose
    kept : (methods) share of halves that choose the same one
    place : (methods) mean place in the half that did not choose, 0 (best) .. 1 (worst) among all variants
    optimism : (methods) by how much the place of the variant that all patients choose is better in the same halves, 0 .. 1
    score_optimism : methods x metrics, the same of the means, in units of the metric and positive where the choice looks too good
    halves : how many halves were scored; a half is left out in which a metric that counts is undefined for a variant
    """

    chosen: Mapping[str, str]
    kept: pd.Series[float]
    place: pd.Series[float]
    optimism: pd.Series[float]
    score_optimism: pd.DataFrame
    halves: int


def crossfitted_choices(
    windows: WindowScores, shown: Sequence[Column], places: pd.DataFrame, splits: int = 10, seed: int = 0
) -> dict[str, CrossFitted]:
    """Choose each method's variant on one half of the patients and score it on the other.

    Both halves are placed by the rule of the pages. That the variant chosen by all patients is scored on the same halves leaves only the
    choice as a difference.

    Parameters
    ----------
    windows : per-window scores of one dataset
    shown : columns of its metrics
    places : of `ecgbench.leaderboard.statistics.ranking.family_places`
    splits : how often the patients are split into halves, each of which chooses once
    seed : of the generator that splits, beside the dataset's name

    Returns
    -------
    The choice by family, a column of `places`; without families in which nothing is ranked, or no split has two halves that can be placed.

    Raises
    ------
    InputError
        If there are no splits.

    References
    ----------
    Varma & Simon 2006, Bias in error estimation when using cross-validation for model selection, doi:10.1186/1471-2105-7-91
    """
    if splits < 1:
        raise InputError(f"expected one split or more, got {splits}; pass a positive number.")
    of_halves = _placed_halves(windows, shown, places, splits, seed_generator(seed, f"halves of the patients of {windows.dataset}"))
    choices = {family: _choice(found, dict(chosen_variants(places[family]))) for family, found in of_halves.items()}
    return {family: choice for family, choice in choices.items() if choice is not None}


def _choice(found: RankDraws, chosen: Mapping[str, str]) -> CrossFitted | None:
    """Of one family, from the places in each half of the patients and the variants that all patients choose."""
    left = {int(half) for half in found.places.columns}
    by_half = {half: dict(chosen_variants(found.places[half])) for half in sorted(left) if half ^ 1 in left}
    if not by_half:
        return None
    signed = {column.name: found.means[column.name] * (1 if column.entry.higher_is_better else -1) for column in found.metrics}
    present, fitted = _scored(found.places, chosen, by_half)
    # Halves whose choice a metric does not apply to say nothing of it.
    metrics = {name: _scored(frame, chosen, by_half) for name, frame in signed.items()}
    return CrossFitted(
        chosen=chosen,
        kept=pd.DataFrame({half: pd.Series(choice) == pd.Series(chosen) for half, choice in by_half.items()}).mean(axis=1),
        place=fitted.mean(axis=1),
        optimism=(fitted - present).mean(axis=1),
        score_optimism=pd.DataFrame({name: (ours - theirs).mean(axis=1) for name, (ours, theirs) in metrics.items()}),
        halves=len(by_half),
    )


def _placed_halves(
    windows: WindowScores, shown: Sequence[Column], places: pd.DataFrame, splits: int, generator: np.random.Generator
) -> dict[str, RankDraws]:
    """Places in each half of the patients, by family; the two halves of a split have the numbers 2 k and 2 k + 1."""
    names = complete_names(windows)
    means = tally(windows, names).model_means(_halves(len(windows.patients), splits, generator)).mean(axis=1)
    return place_draws(MeanDraws(dict(zip(names, means, strict=True)), windows.fewest), shown, places)


def _halves(patients: int, splits: int, generator: np.random.Generator) -> Int64[np.ndarray, "halves patients"]:
    """Which patients each half holds; the two halves of a split stand behind each other."""
    order = generator.permuted(np.tile(np.arange(patients), (splits, 1)), axis=1)
    first = (order < patients // 2).astype(np.int64)
    return np.stack([first, 1 - first], axis=1).reshape(-1, patients)


def _scored(frame: pd.DataFrame, chosen: Mapping[str, str], by_half: Mapping[int, Mapping[str, str]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores in each half of the variants that all patients and that the other half choose: methods x halves, nan where one has none."""
    methods, halves = list(chosen), list(by_half)
    row = {variant: number for number, variant in enumerate(frame.index)}
    values = np.vstack(
        [frame[[half ^ 1 for half in halves]].to_numpy(), np.full((1, len(halves)), np.nan)]
    )  # the last row is of no variant

    def rows(choice: Mapping[str, str]) -> list[int]:
        return [row.get((method, choice[method]), -1) for method in methods]

    present = values[rows(chosen)]
    fitted = np.stack([values[rows(by_half[half]), column] for column, half in enumerate(halves)], axis=1)
    return pd.DataFrame(present, index=methods, columns=halves), pd.DataFrame(fitted, index=methods, columns=halves)
