"""Gains over the best blind control, against the house's interval computed pair by pair."""

import math

import numpy as np
import pytest

from ecgbench.leaderboard.statistics.ranking import columns
from ecgbench.leaderboard.statistics.scores.gains import smallest_gains
from ecgbench.leaderboard.statistics.scores.window_scores import WindowScores
from ecgbench.results import seeds_interval
from tests.leaderboard.scored import samples

BLIND = ("slope", "centre", "noise")
VARIANTS = {("lime", "raw"): 0.6, ("lime", "abs"): 0.1, ("slope", "raw"): 0.3, ("centre", "raw"): 0.2, ("noise", "raw"): -0.5}
DIRECTIONS = {"hit": True, "drop": False}


@pytest.fixture
def shown(metrics):
    return columns(DIRECTIONS, metrics)


@pytest.fixture
def scored():
    return samples((VARIANTS, DIRECTIONS), patients=30, undefined=0.1)


def differences(scored, variant, metric, control):
    sign = 1 if DIRECTIONS[metric] else -1
    return [sign * (scored.values[*variant, metric, seed] - scored.values[control, "raw", metric, seed]) for seed in scored.seeds]


@pytest.mark.parametrize("metric", DIRECTIONS)
@pytest.mark.parametrize("variant", [("lime", "raw"), ("lime", "abs")])
def test_gain_is_the_smallest_of_the_paired_ones_with_its_interval(scored, shown, variant, metric):
    gain = smallest_gains(scored, shown, BLIND, resamples=20_000)[*variant, metric]
    pairs = {control: differences(scored, variant, metric, control) for control in BLIND}
    means = {control: np.mean([np.nanmean(values) for values in pair]) for control, pair in pairs.items()}
    owners = [scored.patient[seed] for seed in scored.seeds]
    single = [seeds_interval(pair, owners, resamples=20_000)[0] for pair in pairs.values()]
    corrected = [seeds_interval(pair, owners, resamples=20_000, level=1 - 0.05 / 3)[1] for pair in pairs.values()]
    assert gain.control == min(means, key=means.get) == "slope"
    assert gain.value == pytest.approx(means["slope"])
    assert (gain.low, gain.high) == pytest.approx((min(single), min(corrected)), abs=4e-3)


def test_blind_controls_have_no_gain(scored, shown):
    assert {name[0] for name in smallest_gains(scored, shown, BLIND)} == {"lime"}
    assert smallest_gains(scored, shown, ()) == {}


def test_control_that_is_undefined_everywhere_is_no_rival(scored, shown):
    values = dict(scored.values) | {("slope", "raw", "hit", seed): np.full(len(scored.patient[seed]), np.nan) for seed in scored.seeds}
    found = smallest_gains(WindowScores("made up", values, scored.patient, scored.target), shown, BLIND)
    assert found["lime", "raw", "hit"].control == "centre"


def test_gain_of_one_patient_has_no_interval(shown):
    gain = smallest_gains(samples((VARIANTS, DIRECTIONS), patients=1), shown, BLIND)["lime", "raw", "hit"]
    assert math.isnan(gain.low)
    assert math.isnan(gain.high)
    assert gain.shown == (gain.value > 0)


@pytest.mark.parametrize("ahead", [0.2, 0.5], ids=["all controls alike", "one control ahead"])
def test_interval_holds_the_smallest_gain_though_the_best_control_is_chosen(shown, ahead):
    controls = {(f"blind{i}", "raw"): 0.2 for i in range(5)} | {("blind5", "raw"): ahead}
    held = np.zeros(100, dtype=bool)
    for number in range(len(held)):
        scored = samples(({("lime", "raw"): 0.6, **controls}, {"hit": True}), patients=15, undefined=0, generator_seed=number)
        gain = smallest_gains(scored, shown[:1], [name for name, _ in controls], resamples=500)["lime", "raw", "hit"]
        held[number] = gain.low <= 0.3 * (0.6 - ahead) <= gain.high
    assert held.mean() >= 0.9
