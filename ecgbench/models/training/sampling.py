"""Which windows an epoch passes, and which patients are held out to choose the epoch."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64, Shaped

from ecgbench.errors import DataError
from ecgbench.protocol import Recipe
from ecgbench.randomness import seed_generator
from ecgbench.types import Windows

MOST_DRAWS = 10
"""How often a window is drawn in a balanced epoch at most, on average: else a quarter of svdb's epoch would be its four windows of F."""

Index = Int64[np.ndarray, " _"]


class Sides(NamedTuple):
    """The training windows that are passed, and those of the patients that are held out, by their numbers."""

    fit: Index
    held_out: Index


def sides(recipe: Recipe, windows: Windows, seed: int) -> Sides:
    """Hold one fold of the training patients out, by scikit-learn's stratified folds of whole patients.

    Folds have about as many patients each. The one is taken without which training lacks the fewest classes; of equal ones, the one that
    lacks the fewest itself, then the one whose share of the patients is nearest, then the first.

    Raises
    ------
    DataError
        If there are fewer patients than folds.
    """
    if not recipe.folds:
        return Sides(np.arange(len(windows)), np.arange(0))
    patients = len(np.unique(windows.patient))
    if patients < recipe.folds:
        raise DataError(
            f'expected {recipe.folds} training patients or more for the recipe "{recipe.name}", which holds some out, got {patients}; '
            "train by another recipe."
        )
    member = _membership(windows.y)

    def order(fold: Sides) -> tuple[int, int, float]:
        """Classes that training lacks, classes that the fold lacks, how far it is from its share of the patients."""
        lacking, without = (int((~member[part].any(axis=0)).sum()) for part in fold)
        return lacking, without, abs(len(np.unique(windows.patient[fold.held_out])) - patients / recipe.folds)

    return min(_folds(windows, recipe.folds, seed), key=order)


def _folds(windows: Windows, count: int, seed: int) -> list[Sides]:
    """All ways to hold one fold out."""
    from sklearn.model_selection import StratifiedGroupKFold

    state, strata = int(seed_generator(seed, "patients held out").integers(1 << 32)), _strata(windows.y, count)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        found = StratifiedGroupKFold(count, shuffle=True, random_state=state).split(windows.start, strata, windows.patient)
        return [Sides(fit, held_out) for fit, held_out in found]


def epoch_order(recipe: Recipe, y: Shaped[np.ndarray, "n ..."], fit: Index, seed: int, epoch: int) -> Index:
    """The windows of an epoch, in the order in which they are passed.

    Parameters
    ----------
    y : class or labels of all training windows
    fit : numbers of those that are passed
    epoch : from 0
    """
    if not recipe.balanced:
        order: Index = fit[np.random.default_rng([seed, epoch]).permutation(len(fit))]
        return order
    generator = seed_generator(seed, f"balanced windows of epoch {epoch}")
    return generator.choice(fit, len(fit), p=class_weights(y[fit]))


def class_weights(y: Shaped[np.ndarray, "n ..."]) -> Float64[np.ndarray, " n"]:
    """Probability of each window, so that every class is drawn as often; of several labels, each of them and having none.

    A class of so few windows that each would be drawn more than `MOST_DRAWS` times is drawn less often.

    Parameters
    ----------
    y : (n,) class integers, or (n, labels) 0 and 1
    """
    member = _membership(y)
    count = member.sum(axis=0)
    equal = (member / np.maximum(count, 1)).sum(axis=1) / (count > 0).sum()
    capped = np.minimum(equal, MOST_DRAWS / len(y))
    weights: Float64[np.ndarray, " n"] = capped / capped.sum()
    return weights


def _membership(y: Shaped[np.ndarray, "n ..."]) -> Float64[np.ndarray, "n k"]:
    """1 where a window is of a class; of several labels, with a last column for having none."""
    y = y[:, None] == np.unique(y) if y.ndim == 1 else np.column_stack([y, ~y.astype(bool).any(axis=1)])
    member: Float64[np.ndarray, "n k"] = y.astype(np.float64)
    return member


def _strata(y: Shaped[np.ndarray, "n ..."], least: int) -> Index:
    """One class of each window: of several labels its rarest. All windows are of one where every class has fewer than `least` of them."""
    member = _membership(y)
    count = member.sum(axis=0)
    rarest = np.where(member > 0, count, np.inf).argmin(axis=1)
    strata: Index = rarest if np.bincount(rarest).max() >= least else np.zeros_like(rarest)
    return strata
