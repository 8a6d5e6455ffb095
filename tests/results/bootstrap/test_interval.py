"""The interval of a mean against a plain loop, and how often it holds the truth."""

import numpy as np
import pytest
from scipy import stats

from ecgbench.errors import InputError
from ecgbench.results import mean_interval, patient_weights, seeds_interval, seeds_intervals
from ecgbench.results.bootstrap import interval as module
from ecgbench.results.bootstrap.interval import mean_intervals


def plain_interval(values, patients, seed, resamples, level):
    """The same bootstrap, a window at a time; only the draw of patients is shared with the real one."""
    seeds = [[(v, str(p)) for v, p in zip(*side, strict=True) if not np.isnan(v)] for side in zip(values, patients, strict=True)]
    names = sorted({p for windows in seeds for _, p in windows})
    means = []
    for counts in patient_weights(len(names), resamples, np.random.default_rng(seed)):
        drawn = [name for name, count in zip(names, counts, strict=True) for _ in range(count)]
        pooled = [[v for name in drawn for v, p in windows if p == name] for windows in seeds]
        if all(pooled):
            means.append(sum(sum(found) / len(found) for found in pooled) / len(pooled))
    fewest = min(len({p for _, p in windows}) for windows in seeds)
    student = stats.t(fewest - 1).ppf((1 + level) / 2)
    tail = stats.norm.cdf(-np.sqrt(fewest / (fewest - 1)) * student)
    return np.quantile(means, tail), np.quantile(means, 1 - tail)


def windows(rng, patients, per_patient, between=0.2, within=0.1):
    """Windows of patients with a mean of their own around 0.5."""
    patient = np.repeat([f"p{i}" for i in range(patients)], per_patient)
    return np.repeat(rng.normal(0.5, between, patients), per_patient) + rng.normal(0, within, len(patient)), patient


def several(rng, patients, undefined=0.2):
    """Three seeds, each with about two thirds of all windows and some undefined."""
    found = []
    for seed in range(3):
        values, patient = windows(rng, patients, per_patient=3)
        kept = rng.permutation(len(values))[: 2 * patients - seed]
        values[rng.random(len(values)) < undefined] = np.nan
        found.append((values[kept], patient[kept]))
    return [values for values, _ in found], [patient for _, patient in found]


@pytest.mark.parametrize(("patients", "level"), [(2, 0.95), (7, 0.5)])
def test_agrees_with_a_plain_loop(patients, level):
    rng = np.random.default_rng(patients)
    values, patient = windows(rng, patients, per_patient=4)
    values[rng.random(len(values)) < 0.2] = np.nan
    expected = plain_interval([values], [patient], seed=3, resamples=200, level=level)
    assert mean_interval(values, patient, seed=3, resamples=200, level=level) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("patients", "undefined"), [(5, 0.6), (12, 0.2)])
def test_of_several_seeds_agrees_with_a_plain_loop(patients, undefined):
    values, patient = several(np.random.default_rng(patients), patients, undefined)
    expected = plain_interval(values, patient, seed=3, resamples=200, level=0.95)
    assert seeds_interval(values, patient, seed=3, resamples=200) == pytest.approx(expected, rel=1e-12)


def test_draw_without_a_defined_window_of_some_seed_is_left_out():
    values = [np.array([0.0, 1.0, np.nan, np.nan]), np.array([np.nan, np.nan, 0.0, 1.0])]
    patient = [np.array(["a", "b", "c", "d"])] * 2
    expected = plain_interval(values, patient, seed=0, resamples=300, level=0.5)
    assert seeds_interval(values, patient, resamples=300, level=0.5) == pytest.approx(expected, rel=1e-12)


def test_patients_are_drawn_jointly_over_seeds():
    values, patient = windows(np.random.default_rng(0), 10, per_patient=3)
    alone = mean_interval(values, patient)
    assert seeds_interval([values, values], [patient, patient]) == pytest.approx(alone, rel=1e-12)
    # What the seeds' patients differ by is theirs, so opposite effects cancel in every draw.
    low, high = seeds_interval([values, 1 - values], [patient, patient])
    assert (low, high) == pytest.approx((0.5, 0.5), abs=1e-12)


def test_is_wider_than_the_plain_percentile_interval_where_patients_are_few():
    values, patient = windows(np.random.default_rng(0), 5, per_patient=1)
    draws = patient_weights(5, 2000, np.random.default_rng(0)) @ values / 5
    low, high = mean_interval(values, patient)
    below, above = np.quantile(draws, [0.025, 0.975])
    assert high - low > 1.2 * (above - below)


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
    [([], []), ([0.1, 0.2], ["a", "a"]), ([0.1, np.nan], ["a", "b"])],
    ids=["empty", "one patient", "one defined patient"],
)
def test_no_interval_without_two_patients(values, patient):
    values, patient = np.array(values, dtype=np.float64), np.array(patient, dtype=str)
    assert mean_interval(values, patient) == (None, None)
    enough, two = np.array([0.1, 0.2]), np.array(["a", "b"])
    assert seeds_interval([enough, values], [two, patient]) == (None, None)


def test_arguments_are_not_written_into():
    values, patient = windows(np.random.default_rng(0), 3, per_patient=2)
    values.flags.writeable = patient.flags.writeable = False
    mean_interval(values, patient)


def test_refuses_arrays_of_two_lengths():
    with pytest.raises((InputError, TypeError)):
        mean_interval(np.zeros(2), np.array(["a", "b", "c"]))


@pytest.mark.parametrize(("seeds", "names"), [(0, 0), (2, 1)])
def test_refuses_another_number_of_seeds_than_of_their_patients(seeds, names):
    with pytest.raises(InputError, match="for each seed"):
        seeds_interval([np.zeros(2)] * seeds, [np.array(["a", "b"])] * names)


@pytest.mark.parametrize("patients", [6, 30])
def test_holds_the_truth_about_as_often_as_it_says(patients):
    rng = np.random.default_rng(11)
    held = 0
    for _ in range(300):
        values, patient = windows(rng, patients, per_patient=3)
        low, high = mean_interval(values, patient, resamples=500)
        held += low <= 0.5 <= high
    assert 0.91 <= held / 300 <= 0.99


@pytest.mark.parametrize("few", [200, 3])
def test_intervals_of_several_cells_are_those_of_each(monkeypatch, few):
    """Whether the draws are kept or made in blocks; up to the rounding of sums."""
    monkeypatch.setattr(module, "FEW", few)
    monkeypatch.setattr(module, "BLOCK", 1000)
    rng = np.random.default_rng(0)
    patient = rng.integers(0, 12, 40).astype(str)
    values = rng.normal(size=(6, 40))
    values[1, ::3] = values[2, patient == patient[0]] = values[3] = np.nan
    values[4, patient != patient[0]] = np.nan
    found = mean_intervals(values, patient)
    for row, interval in zip(values, found, strict=True):
        expected = [np.nan if end is None else end for end in mean_interval(row, patient)]
        np.testing.assert_allclose(interval, expected, rtol=1e-12)
    assert np.isnan(found).all(axis=1).tolist() == [False, False, False, True, True, False]


@pytest.mark.parametrize("few", [module.FEW, 3])
def test_intervals_of_several_cells_of_seeds_are_those_of_each(monkeypatch, few):
    monkeypatch.setattr(module, "FEW", few)
    generator = np.random.default_rng(5)
    patients = [np.array(list("aaabbcdee")), np.array(list("ffabbcd"))]
    values = [generator.random((6, len(names))) for names in patients]
    values[0][1, :3] = values[0][2] = np.nan
    values[1][1, 2] = np.nan  # no window of "a" is defined in this cell
    values[1][3, 1:] = np.nan  # nor of two patients in this one
    values[0][4, :5] = np.nan  # here some draws have none of a seed
    found = seeds_intervals(values, patients, seed=2, resamples=200)
    for row, ends in enumerate(found):
        one = seeds_interval([scores[row] for scores in values], patients, seed=2, resamples=200)
        assert ends == pytest.approx([np.nan if end is None else end for end in one], nan_ok=True, abs=1e-12)
    assert np.isnan(found).any(axis=1).tolist() == [False, False, True, True, False, False]
