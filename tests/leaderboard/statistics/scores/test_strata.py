"""Scores by stratum, of made-up windows whose strata differ by what is known."""

from dataclasses import replace

import numpy as np
import pytest

from ecgbench.leaderboard.statistics.ranking import columns
from ecgbench.leaderboard.statistics.scores.strata import STRATA, by_stratum, members, named_strata
from ecgbench.leaderboard.statistics.scores.window_scores import WindowScores
from tests.leaderboard.scored import samples

VARIANTS = [("a", "raw"), ("b", "abs")]


def predicted(shift=0.0, patients=12, wrong=0.4, seeds=(1, 2), generator_seed=0):
    """Windows of which a share is wrong, with scores that are higher by `shift` there; every patient has both kinds."""
    windows = samples((dict.fromkeys(VARIANTS, 0.0), {"hit": True, "drop": False}), patients, seeds, generator_seed=generator_seed)
    rng = np.random.default_rng(generator_seed)
    right = {seed: rng.random(len(names)) > wrong for seed, names in windows.patient.items()}
    probability = {seed: rng.uniform(0.5, 1, len(names)).astype(np.float32) for seed, names in windows.patient.items()}
    values = {name: scores + shift * ~right[name[3]] for name, scores in windows.values.items()}
    return replace(windows, values=values, right=right, probability=probability)


@pytest.fixture
def shown(metrics):
    return {column.name: column for column in columns(["hit", "drop"], metrics)}


def test_strata_are_right_wrong_and_of_the_wrong_the_sure_ones():
    right, probability = np.array([True, True, False, False]), np.array([0.99, 0.5, 0.9, 0.89], dtype=np.float32)
    windows = WindowScores("made up", {}, {1: np.array(list("abcd"))}, {1: np.ones(4, dtype=np.int64)}, {1: right}, {1: probability})
    found = members(windows, 1)
    assert {name: inside.tolist() for name, inside in found.items()} == {
        "right": [True, True, False, False],
        "wrong": [False, False, True, True],
        "sure and wrong": [False, False, True, False],
    }
    assert named_strata(windows, 1) == ["right", "right", "sure and wrong", "wrong"]


def test_windows_that_are_no_explained_predictions_have_no_strata():
    windows = predicted()
    assert members(replace(windows, right={}, probability={}), 1) == {}


@pytest.mark.parametrize("metric", ["hit", "drop"])
def test_scores_are_means_over_models_of_the_means_over_a_stratums_windows(shown, metric):
    windows = predicted(shift=0.2)
    for variant, found in by_stratum(windows, shown[metric], VARIANTS, resamples=50).items():
        for name in STRATA:
            inside = [windows.values[*variant, metric, seed][members(windows, seed)[name]] for seed in (1, 2)]
            assert found.strata[name].value == pytest.approx(np.mean([np.nanmean(scores) for scores in inside]))
            assert found.defined[name] == sum((~np.isnan(scores)).sum() for scores in inside)
        difference = found.strata["wrong"].value - found.strata["right"].value
        assert found.kept.value == pytest.approx(difference if metric == "hit" else -difference)


@pytest.mark.parametrize(("metric", "sign"), [("hit", 1), ("drop", -1)])
def test_a_large_difference_is_told_with_its_direction_and_none_is_not(shown, metric, sign):
    for shift, wanted in ((0.5, sign), (-0.5, -sign), (0.0, 0)):
        found = by_stratum(predicted(shift, patients=30), shown[metric], VARIANTS, resamples=300)
        assert [one.kept.sign for one in found.values()] == [wanted, wanted]
        for one in found.values():
            assert one.kept.low <= one.kept.value <= one.kept.high


def test_a_stratum_of_few_patients_has_no_interval(shown):
    windows = predicted(patients=12)
    few = {seed: ~np.isin(names, ["p00", "p01", "p02", "p03"]) for seed, names in windows.patient.items()}
    found = by_stratum(replace(windows, right=few), shown["hit"], VARIANTS, resamples=50)["a", "raw"]
    assert not np.isnan(found.strata["wrong"].value)
    assert np.isnan([found.strata["wrong"].low, found.kept.low]).all()
    assert not np.isnan(found.strata["right"].low)
    assert found.kept.sign == 0


def test_a_stratum_without_windows_of_some_model_is_undefined(shown):
    windows = predicted()
    right = {**windows.right, 2: np.ones_like(windows.right[2])}
    found = by_stratum(replace(windows, right=right), shown["hit"], VARIANTS, resamples=50)["a", "raw"]
    assert np.isnan([found.strata["wrong"].value, found.kept.value]).all()
    assert not np.isnan(found.strata["right"].value)


def test_intervals_of_the_difference_hold_the_truth_about_as_often_as_they_should(shown):
    held = 0
    for number in range(60):
        found = by_stratum(predicted(0.1, patients=15, seeds=(1,), generator_seed=number), shown["hit"], VARIANTS[:1], resamples=200)
        kept = found["a", "raw"].kept
        held += kept.low <= 0.1 <= kept.high
    assert held >= 52
