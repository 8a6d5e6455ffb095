"""Intervals of means and of differences of means that hold for other models and other patients.

The mean of a board, over models of the means over windows, varies for two reasons that are independent of each other. How much the models'
means differ tells what other models would change; how much patients pull the mean tells what other patients would. Noise of single
windows is in both and is taken off once. This is the analysis of variance of two crossed random effects, written with each patient's
influence on the mean, so that it also holds where patients have unequal numbers of windows or models explain different windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from ecgbench.errors import InputError
from ecgbench.leaderboard.statistics.models.tally import Tally


@dataclass(frozen=True)
class Spread:
    """Means and the variances that make them uncertain, by row.

    All but the mean is nan where fewer than two patients have a defined window of some model. With one model, what models and noise make is
    nan, and so are the errors and intervals over models and patients.

    Attributes
    ----------
    mean : (rows,) mean, or difference of two means
    of_models : (rows,) variance of the mean as the differences between models show it, with their noise
    of_patients : (rows,) variance as the patients' influences show it, with their noise
    of_noise : (rows,) variance that the noise makes, which is in both
    patients : (rows,) as how many patients of equal weight they count
    models : number of models
    """

    mean: Float64[np.ndarray, " rows"]
    of_models: Float64[np.ndarray, " rows"]
    of_patients: Float64[np.ndarray, " rows"]
    of_noise: Float64[np.ndarray, " rows"]
    patients: Float64[np.ndarray, " rows"]
    models: int

    @property
    def error(self) -> Float64[np.ndarray, " rows"]:
        """(rows,) standard error of the mean over models and patients."""
        return _root(self.of_models, self.of_patients, self.of_noise)

    @property
    def from_models(self) -> Float64[np.ndarray, " rows"]:
        """(rows,) share of the squared error that the differences between models make, 0 to 1; nan where the error is 0."""
        variance = self.error**2
        found: np.ndarray = np.divide(self.of_models, variance, out=np.full_like(variance, np.nan), where=variance > 0)
        return found

    def margin(self, probability: float) -> Float64[np.ndarray, " rows"]:
        """(rows,) by how much the mean exceeds the true one with this probability at most.

        Each variance is multiplied by the square of Student's quantile of its own degrees of freedom. One quantile for their sum is too
        small where few models happen to be alike.

        Parameters
        ----------
        probability : 0.5 to 1
        """
        from scipy.special import stdtrit

        of_models, of_patients = max(self.models - 1, 1), np.maximum(self.patients - 1, 1)
        known = [(of_models, self.of_models), (of_patients, self.of_patients), (of_models * of_patients, self.of_noise)]
        return _root(*(stdtrit(degrees, probability) ** 2 * variance for degrees, variance in known))

    def margin_of_these(self, probability: float) -> Float64[np.ndarray, " rows"]:
        """(rows,) the same for other patients and these models.

        Parameters
        ----------
        probability : 0.5 to 1
        """
        from scipy.special import stdtrit

        found: np.ndarray = stdtrit(np.maximum(self.patients - 1, 1), probability) * np.sqrt(self.of_patients)
        return found

    def intervals(self, level: float = 0.95) -> Float64[np.ndarray, "rows 2"]:
        """Lowest and highest value of each interval: (rows, 2).

        Parameters
        ----------
        level : how often an interval should hold the true mean, 0 to 1

        Raises
        ------
        InputError
            If the level is not a share.
        """
        if not 0 < level < 1:
            raise InputError(f"expected a level between 0 and 1, got {level}; pass a share such as 0.95.")
        half = self.margin((1 + level) / 2)
        return np.stack([self.mean - half, self.mean + half], axis=1)

    @property
    def missing(self) -> str:
        """Why no row has an interval, in words; empty if some have one."""
        if self.models < 2:
            return "one model: nothing is known of how other models would differ"
        return "fewer than two patients have a defined window of every model" if np.isnan(self.of_models).all() else ""


class _Influence(NamedTuple):
    """What models and patients do to the means: `model` (rows, models), `patient` (rows, models, patients), `share` (rows, patients)."""

    mean: np.ndarray
    model: np.ndarray
    patient: np.ndarray
    share: np.ndarray


def mean_spread(scores: Tally) -> Spread:
    """Spread of each row's mean over models of the means over the defined windows.

    Parameters
    ----------
    scores : sums and numbers of windows

    References
    ----------
    Banerjee 1960, Approximate confidence interval for linear functions of means of k populations when the population variances are not
    equal, Sankhya 22:357-358
    Bell & McCaffrey 2002, Bias reduction in standard errors for linear regression with multi-stage samples, Survey Methodology 28:169-181
    Cameron, Gelbach & Miller 2011, Robust inference with multiway clustering, doi:10.1198/jbes.2010.07136
    """
    return _spread(_influence(scores), scores.patients)


def contrast_spread(scores: Tally, first: Sequence[int], second: Sequence[int]) -> Spread:
    """Spread of differences between rows, the first less the second, each pair on the same models and patients.

    Parameters
    ----------
    scores : sums and numbers of windows
    first, second : numbers of the rows that are compared, as many of each

    Raises
    ------
    InputError
        If they are not as many.
    """
    if len(first) != len(second):
        raise InputError(f"expected as many first rows as second, got {len(first)} and {len(second)}; name two of each pair.")
    all_rows = _influence(scores)
    a, b = np.array(first, dtype=np.int64), np.array(second, dtype=np.int64)
    mean, model, patient = (part[a] - part[b] for part in all_rows[:3])
    share = (all_rows.share[a] + all_rows.share[b]) / 2
    return _spread(_Influence(mean, model, patient, share), np.minimum(scores.patients[a], scores.patients[b]))


def _influence(scores: Tally) -> _Influence:
    models = scores.models
    total = scores.counts.sum(axis=2, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = scores.counts / total
        means = scores.sums.sum(axis=2, keepdims=True) / total
        # A patient pulls the mean towards himself, so that his own deviation is too small by this factor.
        patient = (scores.sums - means * scores.counts) / (total * models * np.sqrt(1 - share))
    mean = means[:, :, 0].mean(axis=1)
    return _Influence(mean, (means[:, :, 0] - mean[:, None]) / models, patient, share.mean(axis=1))


def _spread(found: _Influence, patients: np.ndarray) -> Spread:
    possible = patients > 1
    parts = np.full((4, len(possible)), np.nan)
    if possible.any():
        parts[:3, possible] = _variances(found.model[possible], found.patient[possible])
        parts[3, possible] = 1 / (found.share[possible] ** 2).sum(axis=1)
    of_models, of_patients, of_noise, number = parts
    return Spread(found.mean, of_models, of_patients, of_noise, number, int(found.model.shape[1]))


def _variances(model: np.ndarray, patient: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Variance of the mean that models, patients and the noise in both make, by row; of one model, only that of patients is known."""
    models = model.shape[1]
    correction = models / (models - 1) if models > 1 else np.nan
    rest = patient - patient.mean(axis=1, keepdims=True)
    return correction * (model**2).sum(axis=1), (patient.sum(axis=1) ** 2).sum(axis=1), correction * (rest**2).sum(axis=(1, 2))


def _root(of_models: np.ndarray, of_patients: np.ndarray, of_noise: np.ndarray) -> Float64[np.ndarray, " rows"]:
    """Root of both variances less the noise that is in both, no smaller than the root of either."""
    found: np.ndarray = np.sqrt(np.maximum(of_models + of_patients - of_noise, np.maximum(of_models, of_patients)))
    return found
