"""Components of variance: how much of a difference between methods is the model's, the patient's, and the window's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from ecgbench.errors import InputError
from ecgbench.leaderboard.statistics.scores.window_scores import WindowScores

ROUNDING = 1e-6
"""Standard deviation, in units of a metric, below which scores that are kept in single precision do not vary."""


@dataclass(frozen=True)
class Components:
    """Standard deviations of what is a method's own, in units of the metric. What is common to all methods is taken out of every window.

    Attributes
    ----------
    method : of the methods' means
    model : method x model: a method does better on one model than on another
    patient : method x patient
    residual : what is left in single windows
    from_models : share of the variance of a difference of two methods' means that the models make, 0 to 1, with as many models, patients
        and windows as there are; nan where nothing varies
    models, patients, windows : how many went in; windows of all models
    left_out : windows in which some method is undefined
    """

    method: float
    model: float
    patient: float
    residual: float
    from_models: float
    models: int
    patients: int
    windows: int
    left_out: int

    @property
    def patients_only(self) -> float:
        """How often a 95 % interval that knows of patients alone holds the mean over all models."""
        from scipy.special import ndtr

        return float(2 * ndtr(1.959964 * np.sqrt(1 - self.from_models)) - 1)


class _Layout(NamedTuple):
    """Model and patient of each window, and how many windows each model and patient have together: (models, patients)."""

    model: Int64[np.ndarray, " n"]
    patient: Int64[np.ndarray, " n"]
    counts: Float64[np.ndarray, "models patients"]


def components(windows: WindowScores, metric: str, variants: Sequence[tuple[str, str]]) -> Components | None:
    """Components of variance of one metric by the method of moments.

    A score is taken to be `mean + method + what is common to all methods + method x model + method x patient + residual`. The mean over
    methods is taken from each window, which leaves out what is common, and so are windows in which a method is undefined. Sums of squares
    within models and within patients are set equal to what they should be for these numbers of windows (Henderson's first method), which is
    the analysis of variance where all patients have as many windows of each model. A negative variance counts as 0.

    Parameters
    ----------
    windows : per-window scores of one dataset; seeds are models
    metric : its name
    variants : of the methods that are compared, two at least, one of each method

    Returns
    -------
    The components; None where fewer than two models or two patients have windows with scores of all methods.

    Raises
    ------
    InputError
        If there are fewer than two variants, or one lacks the scores of a seed.

    References
    ----------
    Henderson 1953, Estimation of variance and covariance components, doi:10.2307/3001853
    """
    if len(variants) < 2:
        raise InputError(f"expected two variants or more, got {len(variants)}; name those that are compared.")
    scores, model, patient = _stacked(windows, metric, variants)
    kept = ~np.isnan(scores).any(axis=0)
    values = scores[:, kept] - scores[:, kept].mean(axis=0)
    layout = _layout(model[kept], patient[kept], len(windows.seeds), len(windows.patients))
    models, patients = (int((layout.counts.sum(axis=axis) > 0).sum()) for axis in (1, 0))
    if models < max(2, len(windows.seeds)) or patients < 2:
        return None
    # Taking off the mean over methods leaves that share of each variance.
    variances = _moments(values, layout) * len(variants) / (len(variants) - 1)
    variances[variances < ROUNDING**2] = 0
    return Components(
        method=float(values.mean(axis=1).std(ddof=1)),
        model=float(np.sqrt(variances[0])),
        patient=float(np.sqrt(variances[1])),
        residual=float(np.sqrt(variances[2])),
        from_models=_model_share(variances, layout.counts),
        models=models,
        patients=patients,
        windows=int(kept.sum()),
        left_out=int((~kept).sum()),
    )


def _stacked(
    windows: WindowScores, metric: str, variants: Sequence[tuple[str, str]]
) -> tuple[Float64[np.ndarray, "variants n"], Int64[np.ndarray, " n"], Int64[np.ndarray, " n"]]:
    """Scores, model and patient of the windows of all models, one behind the other."""
    lacking = [(*variant, metric, seed) for variant in variants for seed in windows.seeds if (*variant, metric, seed) not in windows.values]
    if lacking:
        raise InputError(f"expected scores of seeds {windows.seeds} of every variant, got none of {lacking[0]}; leave the variant out.")
    scores = [np.concatenate([windows.values[*variant, metric, seed] for seed in windows.seeds]) for variant in variants]
    numbers = [np.full(len(windows.patient[seed]), number, dtype=np.int64) for number, seed in enumerate(windows.seeds)]
    return np.stack(scores), np.concatenate(numbers), np.concatenate([windows.index(seed) for seed in windows.seeds])


def _layout(model: Int64[np.ndarray, " n"], patient: Int64[np.ndarray, " n"], models: int, patients: int) -> _Layout:
    cells = np.bincount(model * patients + patient, minlength=models * patients)
    return _Layout(model, patient, cells.reshape(models, patients).astype(np.float64))


def _moments(values: Float64[np.ndarray, "methods n"], layout: _Layout) -> Float64[np.ndarray, " 3"]:
    """Variances of method x model, method x patient and residual, of scores from which the mean over methods is taken."""
    counts, total = layout.counts, layout.counts.sum()
    of_model, of_patient = counts.sum(axis=1), counts.sum(axis=0)
    squares = np.array([_squares(values, layout.model), _squares(values, layout.patient), float((values**2).sum())])
    shared = float((values.sum(axis=1) ** 2).sum()) / total
    # Rows: sums of squares of models, of patients and of windows; columns: what a unit of each variance adds to them, for one method.
    # A row that is taken for its own variance counts each window once; for the other's, its windows that share a level of it.
    expected = np.array(
        [
            [total, (_over(counts**2, of_model[:, None])).sum(), (of_model > 0).sum()],
            [(_over(counts**2, of_patient[None, :])).sum(), total, (of_patient > 0).sum()],
            [total, total, total],
        ]
    )
    mean = np.array([(of_model**2).sum() / total, (of_patient**2).sum() / total, 1.0])
    found = np.linalg.lstsq((expected - mean) * len(values), squares - shared, rcond=None)[0]
    variances: np.ndarray = np.maximum(found, 0)
    return variances


def _squares(values: Float64[np.ndarray, "methods n"], group: Int64[np.ndarray, " n"]) -> float:
    """Sum over methods and groups of the squared sum of a group's scores over their number."""
    number = np.bincount(group)
    sums = np.stack([np.bincount(group, weights=row) for row in values])
    return float(_over(sums**2, number[None, :]).sum())


def _over(values: np.ndarray, number: np.ndarray) -> np.ndarray:
    found: np.ndarray = values / np.maximum(number, 1)
    return found


def _model_share(variances: Float64[np.ndarray, " 3"], counts: Float64[np.ndarray, "models patients"]) -> float:
    models, of_model = len(counts), counts.sum(axis=1, keepdims=True)
    weights = (counts / of_model).mean(axis=0)
    parts = variances * [1 / models, (weights**2).sum(), (1 / of_model).sum() / models**2]
    return float(parts[0] / parts.sum()) if parts.sum() > 0 else float("nan")
