"""What a reader study says: the family `human`, which stands beside the metrics' families and is never mixed with them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Bool, Float64

from ecgbench.metrics.families import Family
from ecgbench.pipeline.score import score
from ecgbench.randomness import seed_generator
from ecgbench.rating.agreement import Agreement, agreement
from ecgbench.rating.export import answers, is_catch
from ecgbench.rating.extra import check_extra
from ecgbench.rating.ratings_file import Case, Ratings
from ecgbench.rating.schedule import MAP, NOISE, REGION
from ecgbench.results.bootstrap.resampling import expanded_tail, patient_weights

if TYPE_CHECKING:
    import pandas as pd

HUMAN = Family(
    "human",
    "Rating by experts",
    "Do experts who do not know the method find that the map points at the diagnostic feature, and that it does not mislead? Does the map "
    "lie where they would look themselves?",
    order=60,
    aside="a map that looks right to an expert need not be what the model rests on",
)
"""Not registered: experts have rated single datasets, and no page of accepted results shows it."""

RESAMPLES, LEVEL = 2000, 0.95
SUSPICIOUS = 3
"""From this point of the scale on, a rater takes noise for a pointer at the diagnostic feature."""

REGION_METRIC = "auc"
"""The metric of maps against the regions that raters marked."""

QUESTIONS = ("feature", "misleading")


class Mean(NamedTuple):
    """A mean with its 95 % interval, nan where there is none."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Summary:
    """What is reported of a study.

    Attributes
    ----------
    ratings : the study
    answered, asked : numbers of trials
    means : of each map, by "feature", "misleading" (1 to 5) and "regions" (AUC against the marked regions, 0 to 1)
    counts : ratings of each map at first sight
    by_diagnosis : of each diagnosis, the mean of "feature" by map
    beside : of each map, the mean over cases of what metrics say of the same maps
    catch : of each catch trial's source, the mean of "feature" by rater
    suspicious : of each rater, how many of his trials of noise he rated 3 or more for the diagnostic feature, and of how many
    agreements : of each question
    """

    ratings: Ratings
    answered: int
    asked: int
    means: dict[str, dict[str, Mean]]
    counts: dict[str, int]
    by_diagnosis: dict[str, dict[str, float]]
    beside: dict[str, dict[str, float]]
    catch: dict[str, dict[str, float]]
    suspicious: dict[str, tuple[int, int]]
    agreements: tuple[Agreement, ...]


def summary(ratings: Ratings) -> Summary:
    """Means with intervals over cases and raters, catch trials and agreement; each map of a case counts once a rater, as first seen.

    Raises
    ------
    InputError
        If the extra `rate` is not installed.
    """
    check_extra()
    table, cases = answers(ratings), ratings.cases()
    rated = table[table["kind"] == MAP]
    first = rated[~rated["repeat"]]
    regions = _region_scores(ratings, table, cases)
    means = {name: _means(ratings, first[first["map"] == name], regions[regions["map"] == name]) for name in ratings.design.maps}
    return Summary(
        ratings,
        len(table),
        sum(len(ratings.trials(number)) for number in range(len(ratings.raters()))),
        dict(sorted(means.items(), key=lambda pair: _order(pair[1]["feature"]))),
        {name: int((first["map"] == name).sum()) for name in ratings.design.maps},
        _grouped(first[~first["catch"]], "diagnosis", "map"),
        {name: _beside(cases, name) for name in ratings.design.maps},
        _grouped(rated[rated["catch"]], "map", "rater"),
        _suspicious(ratings, rated),
        tuple(agreement(table, question) for question in QUESTIONS),
    )


def crossed_mean(values: Float64[np.ndarray, " n"], raters: Sequence[str], patients: Sequence[str], seed: int) -> Mean:
    """The mean of ratings, with an interval for which raters and patients are both drawn anew (Owen 2007, doi:10.1214/07-AOAS122).

    Its tails are those of the fewer of the two (see `expanded_tail`): with three raters it is all that was drawn.

    Parameters
    ----------
    values, raters, patients : (n,) of each rating; the cases of a patient are drawn together
    seed : of the draws

    Returns
    -------
    without an interval where there is one rater or one patient: nothing tells how much others would differ
    """
    if not len(values):
        return Mean(math.nan, math.nan, math.nan)
    middle = float(values.mean())
    by_rater, rater = np.unique(raters, return_inverse=True)
    by_patient, patient = np.unique(patients, return_inverse=True)
    if len(by_rater) < 2 or len(by_patient) < 2:
        return Mean(middle, math.nan, math.nan)
    generator = seed_generator(seed, "raters and patients")
    drawn = [patient_weights(len(names), RESAMPLES, generator)[:, of] for names, of in ((by_rater, rater), (by_patient, patient))]
    weights = (drawn[0] * drawn[1]).astype(np.float64)
    total = weights.sum(axis=1)
    means = (weights @ values)[total > 0] / total[total > 0]
    tail = expanded_tail(min(len(by_rater), len(by_patient)), LEVEL)
    low, high = np.quantile(means, [tail, 1 - tail])
    return Mean(middle, float(low), float(high))


def _means(ratings: Ratings, rows: pd.DataFrame, regions: pd.DataFrame) -> dict[str, Mean]:
    seed = ratings.design.seed
    found = {
        question: crossed_mean(rows[question].to_numpy(np.float64), rows["rater"].tolist(), rows["patient"].tolist(), seed)
        for question in QUESTIONS
    }
    of_regions = crossed_mean(regions["score"].to_numpy(np.float64), regions["rater"].tolist(), regions["patient"].tolist(), seed)
    return {**found, "regions": of_regions}


def _order(mean: Mean) -> float:
    return math.inf if math.isnan(mean.value) else -mean.value


def _region_scores(ratings: Ratings, table: pd.DataFrame, cases: Sequence[Case]) -> pd.DataFrame:
    """How far maps lie in the regions that each rater marked; cases in which he marked none, or all, say nothing."""
    import pandas as pd

    rows = []
    for _, answer in table[table["kind"] == REGION].iterrows():
        case = cases[answer["case"]]
        mask = _marked(case, json.loads(answer["regions"]))
        for name in ratings.design.maps:
            value = float(score(REGION_METRIC, np.abs(case.maps[name].astype(np.float32))[None], mask=mask[None])[0])
            rows.append({"rater": answer["rater"], "patient": case.patient, "map": name, "score": value})
    return pd.DataFrame(rows, columns=["rater", "patient", "map", "score"]).dropna()


def _marked(case: Case, regions: Sequence[Sequence[int]]) -> Bool[np.ndarray, "leads time"]:
    mask = np.zeros(case.signal.shape, dtype=bool)
    for lead, onset, offset in regions:
        mask[lead, onset:offset] = True
    return mask


def _beside(cases: Sequence[Case], name: str) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for case in cases:
        for metric, value in case.scores.get(name, {}).items():
            found.setdefault(metric, []).append(value)
    return {metric: float(np.mean(values)) for metric, values in found.items()}


def _grouped(rows: pd.DataFrame, outer: str, inner: str) -> dict[str, dict[str, float]]:
    """Means of "feature" by two columns."""
    means: dict[str, dict[str, float]] = {}
    for (first, second), values in rows.groupby([outer, inner])["feature"]:
        means.setdefault(str(first), {})[str(second)] = float(values.mean())
    return means


def _suspicious(ratings: Ratings, rated: pd.DataFrame) -> dict[str, tuple[int, int]]:
    if not is_catch(ratings, NOISE):
        return {}
    noise = rated[rated["map"] == NOISE]
    return {str(rater): (int((rows["feature"] >= SUSPICIOUS).sum()), len(rows)) for rater, rows in noise.groupby("rater")}
