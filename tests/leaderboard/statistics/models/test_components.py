"""Components of variance against the analysis of variance, REML of statsmodels, and truth that was simulated."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as formula

from ecgbench.errors import InputError
from ecgbench.leaderboard.statistics.models import components
from ecgbench.leaderboard.statistics.scores.window_scores import WindowScores

from .made import as_windows, balanced


def names(rows):
    return [(f"m{row}", "raw") for row in range(rows)]


def centred(scores):
    """Without the mean over methods, which leaves (methods - 1) / methods of every variance."""
    return scores - scores.mean(axis=0)


def test_components_of_balanced_scores_are_those_of_the_analysis_of_variance():
    scores = balanced(windows=4)
    rows, models, patients, windows = scores.shape
    values = centred(scores) - centred(scores).mean(axis=(1, 2, 3), keepdims=True)
    total = rows * models * patients * windows
    squares = [(values.mean(axis=axes) ** 2).sum() for axes in ((2, 3), (1, 3))]
    of_model, of_patient = squares[0] * patients * windows, squares[1] * models * windows
    residual = ((values**2).sum() - of_model - of_patient) / (total - rows * (models + patients - 1))
    expected = [
        (of_model / (rows * (models - 1)) - residual) / (patients * windows),
        (of_patient / (rows * (patients - 1)) - residual) / (models * windows),
        residual,
    ]
    found = components(as_windows(scores), "auc", names(rows))
    scale = rows / (rows - 1)
    assert [found.model**2, found.patient**2, found.residual**2] == pytest.approx([scale * part for part in expected], rel=1e-9)
    assert (found.models, found.patients, found.windows, found.left_out) == (models, patients, models * patients * windows, 0)


@pytest.mark.filterwarnings("ignore:The MLE may be on the boundary")
def test_components_of_balanced_scores_are_those_of_reml():
    scores = balanced(rows=3, models=4, patients=5, windows=3)
    values = centred(scores)
    index = np.indices(values.shape).reshape(4, -1)
    frame = pd.DataFrame({"method": index[0], "model": index[0] * 10 + index[1], "patient": index[0] * 10 + index[2], "y": values.ravel()})
    parts = {"model": "0 + C(model)", "patient": "0 + C(patient)"}
    fitted = formula.mixedlm("y ~ C(method)", frame, groups=frame["method"], re_formula="0", vc_formula=parts).fit(reml=True)
    found = components(as_windows(scores), "auc", names(3))
    assert [found.model**2, found.patient**2, found.residual**2] == pytest.approx([*(fitted.vcomp * 1.5), fitted.scale * 1.5], rel=0.01)


def simulated(rng, rows=6, models=4, patients=15):
    """Scores with method x model 0.06, method x patient 0.1, residual 0.2, and large effects that are common to all methods."""
    per_model, per_patient = rng.normal(0, 0.06, (rows, models)), rng.normal(0, 0.1, (rows, patients))
    values, patient, target = {}, {}, {}
    for model in range(models):
        owner = np.concatenate([[0] * 12, rng.choice(patients, size=30)])
        patient[model], target[model] = np.array([f"p{number:02}" for number in owner]), np.ones(42, dtype=np.int64)
        shared = rng.normal(0, 1) + rng.normal(0, 1, 42)
        for row in range(rows):
            own = row + per_model[row, model] + per_patient[row, owner] + rng.normal(0, 0.2, 42)
            values[f"m{row}", "raw", "auc", model] = own + shared
    return WindowScores("simulated", values, patient, target)


def test_components_of_uneven_windows_are_right_on_average():
    rng = np.random.default_rng(0)
    found = [components(simulated(rng), "auc", names(6)) for _ in range(60)]
    means = [np.mean([getattr(one, part) ** 2 for one in found]) for part in ("model", "patient", "residual")]
    assert means == pytest.approx([0.06**2, 0.1**2, 0.2**2], rel=0.15)


def test_what_is_common_to_all_methods_changes_nothing():
    scores = balanced()
    shifted = scores + np.random.default_rng(1).normal(0, 10, (1, *scores.shape[1:]))
    first, second = (components(as_windows(values), "auc", names(4)) for values in (scores, shifted))
    assert (first.model, first.patient, first.residual) == pytest.approx((second.model, second.patient, second.residual), rel=1e-6)


def test_share_of_models_is_that_of_the_variance_of_a_mean():
    found = components(as_windows(balanced(models=5, patients=7, windows=3)), "auc", names(4))
    parts = found.model**2 / 5, found.patient**2 / 7, found.residual**2 / (5 * 7 * 3)
    assert found.from_models == pytest.approx(parts[0] / sum(parts))
    assert 0.5 < found.patients_only < 0.95


def test_windows_that_are_undefined_for_a_method_are_left_out_of_all():
    scores = balanced()
    scores[1, 0, 0, :2] = np.nan
    found = components(as_windows(scores), "auc", names(4))
    assert (found.windows, found.left_out) == (5 * 7 * 3 - 2, 2)


@pytest.mark.parametrize(("models", "patients"), [(1, 7), (5, 1)])
def test_one_model_or_one_patient_has_no_components(models, patients):
    assert components(as_windows(balanced(models=models, patients=patients)), "auc", names(4)) is None


def test_model_without_a_window_of_all_methods_has_no_components():
    scores = balanced()
    scores[1, 0] = np.nan
    assert components(as_windows(scores), "auc", names(4)) is None


def test_one_method_is_refused():
    with pytest.raises(InputError, match="expected two variants or more, got 1"):
        components(as_windows(balanced()), "auc", names(1))


def test_variant_without_scores_is_refused():
    with pytest.raises(InputError, match=r"got none of \('m4', 'raw', 'auc', 0\)"):
        components(as_windows(balanced()), "auc", names(5))
