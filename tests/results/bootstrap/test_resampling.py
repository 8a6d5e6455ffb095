"""Draws of patients and what is computed from them, against plain loops and closed forms."""

import numpy as np
import pytest
from scipy import stats

from ecgbench.errors import InputError
from ecgbench.results import drawn_means, expanded_tail, patient_sums, patient_weights


def test_as_many_patients_are_drawn_as_there_are():
    weights = patient_weights(7, 200, np.random.default_rng(0))
    assert weights.shape == (200, 7)
    assert (weights.sum(axis=1) == 7).all()


def test_every_patient_is_drawn_alike():
    weights = patient_weights(6, 20_000, np.random.default_rng(0))
    assert weights.mean(axis=0) == pytest.approx(np.ones(6), abs=0.03)
    assert weights.var(axis=0) == pytest.approx(np.full(6, 5 / 6), abs=0.05)


@pytest.mark.parametrize(("patients", "level"), [(2, 0.95), (40, 0.8)])
def test_expanded_tail_gives_a_normal_mean_student_s_interval(patients, level):
    """The bootstrap's standard error of a mean is s sqrt((P - 1) / P) / sqrt(P) and its quantiles are nearly normal."""
    share = np.sqrt((patients - 1) / patients)
    reach = -stats.norm.ppf(expanded_tail(patients, level)) * share
    assert reach == pytest.approx(stats.t(patients - 1).ppf((1 + level) / 2), rel=1e-9)


def test_expanded_tail_of_many_patients_is_the_plain_one():
    assert expanded_tail(10**7, 0.9) == pytest.approx(0.05, rel=1e-5)


def test_sums_and_means_are_those_of_a_loop_over_windows():
    rng = np.random.default_rng(0)
    values, index = rng.random((3, 20)), rng.integers(4, size=20)
    values[rng.random(values.shape) < 0.4] = np.nan
    weights = patient_weights(4, 50, rng)
    found = drawn_means(weights, *patient_sums(values, index, 4))
    for row, scores in enumerate(values):
        for draw, counts in enumerate(weights):
            pooled = [score for score, owner in zip(scores, index, strict=True) for _ in range(counts[owner]) if not np.isnan(score)]
            assert found[row, draw] == pytest.approx(np.mean(pooled), rel=1e-12)


def test_draw_without_a_defined_window_has_no_mean():
    values, index = np.array([[0.5, np.nan]]), np.array([0, 1])
    found = drawn_means(np.array([[0, 2], [2, 0], [1, 1]]), *patient_sums(values, index, 2))
    assert np.isnan(found[0, 0])
    assert found[0, 1:].tolist() == [0.5, 0.5]


def test_refuses_to_draw_from_nobody():
    with pytest.raises(InputError, match="patients to draw from"):
        patient_weights(0, 10, np.random.default_rng(0))


@pytest.mark.parametrize(("patients", "level", "message"), [(1, 0.95, "two patients"), (5, 1.0, "level"), (5, 0.0, "level")])
def test_refuses_a_tail_that_is_none(patients, level, message):
    with pytest.raises(InputError, match=message):
        expanded_tail(patients, level)
