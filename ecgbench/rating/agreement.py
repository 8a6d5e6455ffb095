"""How far raters agree with each other, and with themselves."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Int64

from ecgbench.rating.schedule import MAP

if TYPE_CHECKING:
    import pandas as pd

POINTS = (1, 2, 3, 4, 5)


class Kappa(NamedTuple):
    """A weighted kappa, nan where it is undefined, and of how many pairs of ratings."""

    value: float
    pairs: int


@dataclass(frozen=True)
class Agreement:
    """Agreement on one question.

    Attributes
    ----------
    question : "feature" or "misleading"
    between : quadratically weighted kappa of each pair of raters, on the maps that both rated, at their first sight
    within : of each rater, between the first and the second rating of what came again
    icc : intraclass correlation of single ratings, consistency (ICC(3,1) of Shrout and Fleiss 1979, doi:10.1037/0033-2909.86.2.420)
    """

    question: str
    between: dict[tuple[str, str], Kappa]
    within: dict[str, Kappa]
    icc: float


def agreement(table: pd.DataFrame, question: str) -> Agreement:
    """Agreement on a question, catch trials among the rated maps.

    Parameters
    ----------
    table : of `answers`
    """
    import pandas as pd

    rated = table[table["kind"] == MAP].assign(item=lambda rows: rows["case"].astype(str) + " " + rows["map"])
    first = rated[~rated["repeat"]].pivot_table(index="item", columns="rater", values=question, aggfunc="first")
    again = rated[rated["repeat"]].pivot_table(index="item", columns="rater", values=question, aggfunc="first")
    between = {(one, other): _kappa(first[[one, other]]) for one, other in combinations(first.columns, 2)}
    within = {rater: _kappa(pd.concat([first[rater], again[rater]], axis=1)) for rater in again.columns}
    return Agreement(question, between, within, intraclass_correlation(first))


def _kappa(ratings: pd.DataFrame) -> Kappa:
    both = ratings.dropna().to_numpy(dtype=np.int64)
    return Kappa(weighted_kappa(both[:, 0], both[:, 1]), len(both))


def weighted_kappa(one: Int64[np.ndarray, " n"], other: Int64[np.ndarray, " n"]) -> float:
    """Cohen's kappa with quadratic weights on the five points; nan where there is nothing, or no spread that agreement could show in.

    Parameters
    ----------
    one, other : (n,) ratings of the same maps

    References
    ----------
    Cohen 1968, doi:10.1037/h0026256
    """
    from sklearn.metrics import cohen_kappa_score

    if not len(one) or len({*one.tolist(), *other.tolist()}) == 1:
        return math.nan
    return float(cohen_kappa_score(one, other, labels=list(POINTS), weights="quadratic"))


def intraclass_correlation(ratings: pd.DataFrame) -> float:
    """The share of maps in the variance of a single rating, raters being fixed effects, of a mixed model fitted by REML.

    Parameters
    ----------
    ratings : a row a map, a column a rater, missing where one did not rate

    Returns
    -------
    0 to 1; nan with fewer than two raters or maps that several rated, or where all ratings are the same
    """
    from statsmodels.regression.mixed_linear_model import MixedLM

    known = ratings[ratings.notna().sum(axis=1) > 1]
    long = known.astype(np.float64).reset_index().melt("item", var_name="rater", value_name="value").dropna()
    if len(known) < 2 or long["rater"].nunique() < 2 or long["value"].nunique() < 2:
        return math.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # at either end of 0 to 1 the fit lies on the boundary of its parameters, which is no fault
        fitted = MixedLM.from_formula("value ~ C(rater)", long, groups="item").fit(reml=True)
    between = float(fitted.cov_re.iloc[0, 0])
    total = between + float(fitted.scale)
    return between / total if total > 0 else math.nan
