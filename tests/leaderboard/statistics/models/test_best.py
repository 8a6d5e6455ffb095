"""Comparison with the best against Dunnett's critical values, Hsu's definition in plain loops, and simulation."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import norm
from scipy.stats import t as student

from ecgbench.errors import InputError
from ecgbench.leaderboard.statistics.models import Tally, comparison_with_best, contrast_spread, two_way_draws
from ecgbench.leaderboard.statistics.models.best import joint_probability
from ecgbench.results import patient_weights

from .made import balanced, balanced_tally

LEVEL = 0.95


def dunnett(others, level=LEVEL):
    """One-sided critical value of the largest of several standard normals, each pair with correlation 0.5 (Dunnett 1955)."""

    def beyond(critical):
        held = quad(lambda z: norm.cdf(np.sqrt(2) * critical + z) ** others * norm.pdf(z), -8, 8)[0]
        return held - level

    return brentq(beyond, 0.5, 6)


@pytest.mark.parametrize("rows", [2, 3, 6, 12])
def test_joint_probability_of_independent_rows_is_dunnetts(rows):
    draws = np.random.default_rng(0).normal(size=(rows, 100_000))
    assert norm.ppf(joint_probability(draws, LEVEL)) == pytest.approx([dunnett(rows - 1)] * rows, abs=0.02)


def test_dunnetts_value_is_that_of_his_table():
    assert dunnett(1) == pytest.approx(1.645, abs=0.001)
    assert dunnett(9) == pytest.approx(2.42, abs=0.005)


def test_margins_of_many_models_and_patients_are_dunnetts():
    scores = Tally(np.random.default_rng(0).normal(size=(5, 150, 150)), np.ones((5, 150, 150)))
    draws = two_way_draws(scores, 4000, np.random.default_rng(1))
    found = comparison_with_best(scores, draws, higher_is_better=True)
    assert norm.ppf(found.probability) == pytest.approx([dunnett(4)] * 5, abs=0.07)


def hsu(scores, draws):
    """Hsu's constrained intervals and candidates, by his definition."""
    rows, means, probability = len(scores.sums), scores.means, joint_probability(draws, LEVEL)

    def margin(row, other):
        return contrast_spread(scores, [row], [other]).margin(probability[row])[0]

    others = [[other for other in range(rows) if other != row] for row in range(rows)]
    highest = [min(means[row] - means[other] + margin(row, other) for other in others[row]) for row in range(rows)]
    candidates = [row for row in range(rows) if highest[row] > 0]
    lowest = []
    for row in range(rows):
        against = [means[row] - means[other] - margin(other, row) for other in candidates if other != row]
        lowest.append(min(0, *against) if against else 0)
    return np.array(lowest), np.maximum(0, highest), np.isin(np.arange(rows), candidates)


@pytest.mark.parametrize("seed", range(8))
def test_intervals_are_hsus(seed):
    scores = balanced_tally(balanced(seed=seed, models=3 + seed))
    draws = two_way_draws(scores, 500, np.random.default_rng(0))
    found = comparison_with_best(scores, draws, higher_is_better=True)
    low, high, candidates = hsu(scores, draws)
    assert found.low == pytest.approx(low, abs=1e-9)
    assert found.high == pytest.approx(high, abs=1e-9)
    assert found.candidates.tolist() == candidates.tolist()
    assert found.difference == pytest.approx([mean - np.delete(scores.means, i).max() for i, mean in enumerate(scores.means)])


def test_lower_is_better_is_the_mirror_image():
    scores = balanced_tally(balanced())
    draws = two_way_draws(scores, 500, np.random.default_rng(0))
    mirrored = Tally(-scores.sums, scores.counts)
    first, second = comparison_with_best(scores, draws, True), comparison_with_best(mirrored, -draws, False)
    assert first.low == pytest.approx(second.low)
    assert first.high == pytest.approx(second.high)


def test_clear_winner_is_the_only_candidate():
    sums = balanced(rows=3).sum(axis=3) * 0.01
    sums[1] += 30
    scores = Tally(sums, np.full(sums.shape, 3.0))
    found = comparison_with_best(scores, two_way_draws(scores, 500, np.random.default_rng(0)), True)
    assert found.candidates.tolist() == [False, True, False]
    assert found.low[1] == 0
    assert found.difference[1] > 0
    assert found.high[[0, 2]].tolist() == [0, 0]


def test_rows_that_are_equal_are_both_candidates():
    sums = balanced(rows=1).sum(axis=3).repeat(2, axis=0)
    scores = Tally(sums, np.ones_like(sums))
    found = comparison_with_best(scores, two_way_draws(scores, 100, np.random.default_rng(0)), True)
    assert found.candidates.all()
    assert (found.low.tolist(), found.high.tolist()) == ([0, 0], [0, 0])


def drawn_patients(scores, resamples, generator):
    """(rows, resamples) means over models of the means over windows of drawn patients."""
    return scores.model_means(patient_weights(scores.sums.shape[2], resamples, generator)).mean(axis=1)


@pytest.mark.parametrize("models", [1, 2, 5])
def test_margin_of_two_rows_for_these_models_is_that_of_the_paired_test_over_patients(models):
    made = balanced(rows=2, models=models, patients=9)
    scores = balanced_tally(made)
    found = comparison_with_best(scores, drawn_patients(scores, 2000, np.random.default_rng(0)), True, these_models=True)
    paired = (made[0] - made[1]).mean(axis=(0, 2))
    margin = student.ppf(found.probability[0], 8) * paired.std(ddof=1) / 3
    assert found.high[0] == pytest.approx(max(0, paired.mean() + margin), rel=1e-9)
    assert found.probability[0] == pytest.approx(LEVEL, abs=0.012)


def test_best_row_of_these_models_is_a_candidate_in_most_cases():
    """Models differ much and stay as they are, so that the best row is the one that is best on them."""
    held = []
    for number in range(150):
        rng = np.random.default_rng(number)
        truth = rng.normal(0, 0.3, (4, 2, 1))
        sums = truth + rng.normal(0, 0.3, (4, 1, 8)) + rng.normal(0, 0.2, (4, 2, 8))
        scores = Tally(sums, np.ones_like(sums))
        found = comparison_with_best(scores, drawn_patients(scores, 300, rng), True, these_models=True)
        held.append(found.candidates[truth.mean(axis=(1, 2)).argmax()])
    assert np.mean(held) >= 0.93


@pytest.mark.parametrize(("models", "patients"), [(1, 6), (4, 1)])
def test_one_model_or_one_patient_compares_nothing(models, patients):
    scores = balanced_tally(balanced(models=models, patients=patients))
    assert comparison_with_best(scores, two_way_draws(scores, 10, np.random.default_rng(0)), True) is None


@pytest.mark.parametrize(("rows", "draws", "level"), [(1, 1, 0.95), (4, 3, 0.95), (4, 4, 95)])
def test_what_cannot_be_compared_is_refused(rows, draws, level):
    with pytest.raises(InputError, match="expected two rows or more with draws and a share"):
        comparison_with_best(balanced_tally(balanced(rows=rows)), np.zeros((draws, 10)), True, level)
