"""The two-way bootstrap against a loop over windows."""

import numpy as np
import pytest

from ecgbench.leaderboard.statistics.models import Tally, complete_names, tally, two_way_draws, two_way_means
from ecgbench.results import patient_weights

from .made import balanced, balanced_tally, uneven

DRAWS = 30


def weights(models, patients, resamples, seed):
    generator = np.random.default_rng(seed)
    drawn = patient_weights(patients, resamples, generator)
    return drawn, generator.multinomial(models, np.full(models, 1 / models), size=resamples)


@pytest.mark.parametrize("models", [1, 2, 3])
def test_draws_are_those_of_a_loop_over_windows(models):
    windows = uneven(models=models)
    names = complete_names(windows)
    found = two_way_draws(tally(windows, names), DRAWS, np.random.default_rng(1))
    patients, drawn = weights(models, len(windows.patients), DRAWS, 1)
    for row, name in enumerate(names):
        for draw in range(DRAWS):
            often = dict(zip(windows.patients, patients[draw], strict=True))
            means = []
            for model, times in zip(windows.seeds, drawn[draw], strict=True):
                scores = np.repeat(windows.values[*name, model], [often[owner] for owner in windows.patient[model]])
                means += [scores[~np.isnan(scores)].mean()] * times
            assert found[row, draw] == pytest.approx(np.mean(means), rel=1e-12)


def test_model_that_is_not_drawn_does_not_spoil_a_draw():
    counts = np.ones((1, 2, 3))
    counts[0, 1] = 0
    found = two_way_draws(Tally(counts.copy(), counts), 200, np.random.default_rng(0))[0]
    assert set(found[~np.isnan(found)]) == {1.0}
    assert 0.15 < (~np.isnan(found)).mean() < 0.35


def test_variance_of_balanced_draws_is_owens():
    """Models and patients add their variances, the noise adds its own about three times."""
    scores = balanced(rows=1, models=20, patients=30, windows=1)[..., 0]
    found = two_way_draws(Tally(scores, np.ones_like(scores)), 20_000, np.random.default_rng(0))[0].var()
    of_models, of_patients = scores[0].mean(axis=1).var(), scores[0].mean(axis=0).var()
    rest = scores[0] - scores[0].mean(axis=1, keepdims=True) - scores[0].mean(axis=0) + scores[0].mean()
    assert found == pytest.approx(of_models / 20 + of_patients / 30 + (rest**2).mean() / 600, rel=0.05)


def test_means_of_a_board_are_named_and_know_the_smaller_number():
    windows = uneven(models=3, patients=8)
    found = two_way_means(windows, DRAWS)
    assert list(found.means) == complete_names(windows)
    assert found.patients == 3
    assert two_way_means(windows, DRAWS).means["a", "raw", "auc"].tolist() == found.means["a", "raw", "auc"].tolist()


def test_draws_of_a_difference_are_differences_of_draws():
    scores = balanced(rows=2)
    both = two_way_draws(balanced_tally(scores), DRAWS, np.random.default_rng(0))
    difference = two_way_draws(balanced_tally(scores[:1] - scores[1:]), DRAWS, np.random.default_rng(0))
    assert both[0] - both[1] == pytest.approx(difference[0], abs=1e-12)
