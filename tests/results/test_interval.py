"""The interval of a mean against a plain loop, and how often it holds the truth."""

import numpy as np
import pytest

from ecgbench.errors import InputError
from ecgbench.results import mean_interval


def plain_interval(values, patient, seed, resamples, level):
    """The same bootstrap, a window at a time; only the draw of patients is shared with the real one."""
    names = sorted({str(p) for v, p in zip(values, patient, strict=True) if not np.isnan(v)})
    means = []
    for draw in np.random.default_rng(seed).integers(len(names), size=(resamples, len(names))):
        pooled = []
        for chosen in draw:
            pooled += [v for v, p in zip(values, patient, strict=True) if p == names[chosen] and not np.isnan(v)]
        means.append(sum(pooled) / len(pooled))
    tail = 100 * (1 - level) / 2
    return np.percentile(means, tail), np.percentile(means, 100 - tail)


def windows(rng, patients, per_patient, between=0.2, within=0.1):
    """Windows of patients with a mean of their own around 0.5."""
    patient = np.repeat([f"p{i}" for i in range(patients)], per_patient)
    return np.repeat(rng.normal(0.5, between, patients), per_patient) + rng.normal(0, within, len(patient)), patient


@pytest.mark.parametrize("level", [0.5, 0.95])
@pytest.mark.parametrize("patients", [2, 7])
def test_agrees_with_a_plain_loop(patients, level):
    rng = np.random.default_rng(patients)
    values, patient = windows(rng, patients, per_patient=4)
    values[rng.random(len(values)) < 0.2] = np.nan
    expected = plain_interval(values, patient, seed=3, resamples=200, level=level)
    assert mean_interval(values, patient, seed=3, resamples=200, level=level) == pytest.approx(expected, rel=1e-12)


def test_same_seed_same_interval():
    values, patient = windows(np.random.default_rng(0), 5, per_patient=3)
    assert mean_interval(values, patient) == mean_interval(values, patient)
    assert mean_interval(values, patient, seed=1) != mean_interval(values, patient)


def test_order_of_windows_does_not_matter():
    rng = np.random.default_rng(0)
    values, patient = windows(rng, 5, per_patient=3)
    order = rng.permutation(len(values))
    assert mean_interval(values[order], patient[order]) == pytest.approx(mean_interval(values, patient), rel=1e-12)


def test_windows_of_one_patient_are_not_independent():
    values, patient = windows(np.random.default_rng(0), 6, per_patient=50)
    low, high = mean_interval(values, patient)
    low_alone, high_alone = mean_interval(values, np.array([f"w{i}" for i in range(len(values))]))
    assert high - low > 2 * (high_alone - low_alone)


@pytest.mark.parametrize(
    ("values", "patient"),
    [([], []), ([np.nan, np.nan], ["a", "b"]), ([0.1, 0.2], ["a", "a"]), ([0.1, np.nan], ["a", "b"])],
    ids=["empty", "undefined", "one patient", "one defined patient"],
)
def test_no_interval_without_two_patients(values, patient):
    assert mean_interval(np.array(values, dtype=np.float64), np.array(patient, dtype=str)) == (None, None)


def test_arguments_are_not_written_into():
    values, patient = windows(np.random.default_rng(0), 3, per_patient=2)
    values.flags.writeable = patient.flags.writeable = False
    mean_interval(values, patient)


def test_refuses_arrays_of_two_lengths():
    with pytest.raises((InputError, TypeError)):
        mean_interval(np.zeros(2), np.array(["a", "b", "c"]))


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0])
def test_refuses_a_level_that_is_no_share(level):
    with pytest.raises(InputError, match="level"):
        mean_interval(np.zeros(2), np.array(["a", "b"]), level=level)


def test_holds_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(11)
    held = 0
    for _ in range(200):
        values, patient = windows(rng, 30, per_patient=3)
        low, high = mean_interval(values, patient, resamples=500)
        held += low <= 0.5 <= high
    assert 0.89 <= held / 200 <= 0.99
