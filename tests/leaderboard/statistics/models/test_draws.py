"""The two-way bootstrap against a loop over windows."""

import numpy as np
import pytest

from ecgbench.leaderboard.statistics.models import Tally, complete_names, same_patient_draws, tally, two_way_draws, two_way_means
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


def test_kinds_of_models_are_drawn_apart_and_their_patients_together():
    """With one model each and the same scores, only patients are drawn; with several, the draws of the two kinds differ."""
    scores = balanced(models=1)
    patients = [f"p{number}" for number in range(scores.shape[2])]
    pair = [(balanced_tally(scores), patients)] * 2
    first, second = same_patient_draws(pair, 50, np.random.default_rng(1))
    np.testing.assert_array_equal(first, second)
    assert len(np.unique(first[0])) > 10
    several = [(balanced_tally(balanced(models=4)), patients)] * 2
    first, second = same_patient_draws(several, 2000, np.random.default_rng(1))
    assert (first != second).any()
    alone = two_way_draws(several[0][0], 2000, np.random.default_rng(2))
    np.testing.assert_allclose(first.std(axis=1), alone.std(axis=1), rtol=0.1)


def test_patients_of_one_kind_alone_are_drawn_for_it_alone():
    """Patients go by their names: one kind has p1 and p2, the other p0 and p1, and windows of p1 have one score for both."""
    tallied = [
        (Tally(np.array([[values]], dtype=float), np.ones((1, 1, 2))), names)
        for values, names in (([3, 5], ("p1", "p2")), ([1, 3], ("p0", "p1")))
    ]
    first, second = same_patient_draws(tallied, 400, np.random.default_rng(1))
    weights = patient_weights(3, 400, np.random.default_rng(1))
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(first[0], (weights[:, 1:] @ [3, 5]) / weights[:, 1:].sum(axis=1))
        np.testing.assert_allclose(second[0], (weights[:, :2] @ [1, 3]) / weights[:, :2].sum(axis=1))
    assert np.isnan(first).sum() == (weights[:, 0] == 3).sum() > 0


def test_draws_of_a_difference_are_differences_of_draws():
    scores = balanced(rows=2)
    both = two_way_draws(balanced_tally(scores), DRAWS, np.random.default_rng(0))
    difference = two_way_draws(balanced_tally(scores[:1] - scores[1:]), DRAWS, np.random.default_rng(0))
    assert both[0] - both[1] == pytest.approx(difference[0], abs=1e-12)
