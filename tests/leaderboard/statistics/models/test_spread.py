"""Errors over models and patients against the analysis of variance, and what has none."""

import numpy as np
import pytest
from scipy.stats import t as student

from ecgbench.errors import InputError
from ecgbench.leaderboard.statistics.models import Tally, complete_names, contrast_spread, mean_spread, tally

from .made import balanced, balanced_tally, uneven


def mean_squares(scores):
    """Of models, patients and their interaction, of (models, patients) means."""
    models, patients = scores.shape
    of_model, of_patient, mean = scores.mean(axis=1), scores.mean(axis=0), scores.mean()
    rest = scores - of_model[:, None] - of_patient + mean
    return (
        patients * of_model.var(ddof=1),
        models * of_patient.var(ddof=1),
        (rest**2).sum() / ((models - 1) * (patients - 1)),
    )


def test_error_of_balanced_scores_is_that_of_the_analysis_of_variance():
    scores = balanced()
    found = mean_spread(balanced_tally(scores))
    for row, cells in enumerate(scores.mean(axis=3)):
        of_models, of_patients, of_noise = (square / cells.size for square in mean_squares(cells))
        assert found.of_models[row] == pytest.approx(of_models, rel=1e-9)
        assert found.of_patients[row] == pytest.approx(of_patients, rel=1e-9)
        assert found.of_noise[row] == pytest.approx(of_noise, rel=1e-9)
        assert found.error[row] == pytest.approx(np.sqrt(of_models + of_patients - of_noise), rel=1e-9)
        assert found.patients[row] == pytest.approx(7)
        assert found.from_models[row] == pytest.approx(of_models / (of_models + of_patients - of_noise), rel=1e-9)


def test_margin_takes_each_variance_with_its_own_degrees_of_freedom():
    found = mean_spread(balanced_tally(balanced()))
    parts = [(4, found.of_models), (6, found.of_patients), (24, -found.of_noise)]
    expected = np.sqrt(sum(student.ppf(0.975, degrees) ** 2 * variance for degrees, variance in parts))
    assert found.margin(0.975) == pytest.approx(expected, rel=1e-9)
    assert found.intervals()[:, 1] - found.mean == pytest.approx(expected, rel=1e-9)


def test_contrast_of_balanced_scores_is_the_mean_of_differences():
    scores = balanced()
    found, expected = contrast_spread(balanced_tally(scores), [0, 3], [1, 2]), mean_spread(balanced_tally(scores[[0, 3]] - scores[[1, 2]]))
    assert found.intervals() == pytest.approx(expected.intervals(), abs=1e-12)
    assert found.mean == pytest.approx(scores.mean(axis=(1, 2, 3))[[0, 3]] - scores.mean(axis=(1, 2, 3))[[1, 2]])


def test_contrast_of_a_row_with_itself_is_exactly_0():
    found = contrast_spread(tally(uneven(), [("a", "raw", "auc")]), [0], [0])
    assert found.intervals().tolist() == [[0.0, 0.0]]
    assert np.isnan(found.from_models).all()


def test_mean_is_that_of_the_pages_where_windows_differ():
    windows = uneven()
    scores = tally(windows, complete_names(windows))
    assert mean_spread(scores).mean == pytest.approx(scores.means)
    assert np.isfinite(mean_spread(scores).intervals()).all()


def test_variance_of_patients_who_differ_between_models_is_counted_once():
    """Two models of other patients each: all variance is between models, and none is counted again as the patients'."""
    rng = np.random.default_rng(0)
    patients, repetitions = 20, 400
    sums = rng.normal(0, 1, (repetitions, 2, 2 * patients))
    counts = np.zeros_like(sums)
    counts[:, 0, :patients] = counts[:, 1, patients:] = 1
    found = mean_spread(Tally(sums * counts, counts))
    assert found.of_patients.mean() == pytest.approx(1 / (2 * patients), rel=0.05)
    assert found.of_noise.mean() == pytest.approx(found.of_patients.mean(), rel=0.05)


def test_patients_of_unequal_weight_count_as_fewer():
    counts = np.broadcast_to(np.array([16.0, *[2.0] * 8]), (1, 3, 9)).copy()
    found = mean_spread(Tally(counts * np.random.default_rng(0).normal(size=(1, 3, 9)), counts))
    assert found.patients == pytest.approx(1 / (0.25 + 8 / 256))


@pytest.mark.parametrize("factor", [-2.0, 1000.0])
def test_interval_follows_a_change_of_unit(factor):
    scores = balanced()
    expected = np.sort(mean_spread(balanced_tally(scores)).intervals() * factor + 5, axis=1)
    assert mean_spread(balanced_tally(scores * factor + 5)).intervals() == pytest.approx(expected, rel=1e-9)


def test_one_model_has_no_interval_and_says_why():
    found = mean_spread(tally(uneven(models=1), [("a", "raw", "auc")]))
    assert np.isnan(found.intervals()).all()
    assert np.isfinite(found.mean).all()
    assert found.missing.startswith("one model")


def test_row_with_one_patient_of_a_model_has_no_interval():
    counts = np.ones((2, 2, 4))
    counts[0, 1, 1:] = 0
    found = mean_spread(Tally(np.random.default_rng(0).normal(size=counts.shape) * counts, counts))
    assert np.isnan(found.intervals()).all(axis=1).tolist() == [True, False]
    assert found.missing == ""
    assert mean_spread(Tally(counts[:1], counts[:1])).missing.startswith("fewer than two patients")


def test_row_without_any_window_is_nan():
    found = mean_spread(Tally(np.zeros((1, 2, 3)), np.zeros((1, 2, 3))))
    assert np.isnan(found.mean).all()
    assert np.isnan(found.intervals()).all()


def test_level_that_is_no_share_is_refused():
    with pytest.raises(InputError, match="expected a level between 0 and 1, got 95"):
        mean_spread(balanced_tally(balanced())).intervals(95)


def test_rows_without_partner_are_refused():
    with pytest.raises(InputError, match="expected as many first rows as second, got 2 and 1"):
        contrast_spread(balanced_tally(balanced()), [0, 1], [2])
