"""Agreement of orders against SciPy and a loop over draws."""

import numpy as np
import pytest
from scipy.stats import kendalltau

from ecgbench.errors import InputError
from ecgbench.leaderboard.statistics.models import Tally, model_agreement, order_agreement, tally, two_way_draws
from ecgbench.results import expanded_tail, patient_weights

from .made import VARIANTS, balanced, balanced_tally, uneven


def rows(metric):
    return [(*variant, metric) for variant in VARIANTS]


def test_metrics_agree_as_scipy_says_in_every_draw():
    windows = uneven(models=4, gain=0.03)
    both = tally(windows, [*rows("auc"), *rows("hit")])
    draws = two_way_draws(both, 200, np.random.default_rng(0))
    found = order_agreement((both.means[:5], both.means[5:]), (draws[:5], draws[5:]), fewest=4)
    taus = [kendalltau(*draw.reshape(2, 5)).statistic for draw in draws.T]
    tail = expanded_tail(4, 0.95)
    assert found.tau == pytest.approx(kendalltau(both.means[:5], both.means[5:]).statistic)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(taus, [tail, 1 - tail], method="inverted_cdf")))
    assert found.items == 5


def test_order_agrees_with_itself():
    scores = balanced_tally(balanced())
    draws = two_way_draws(scores, 50, np.random.default_rng(0))
    found = order_agreement((scores.means, scores.means), (draws, draws), fewest=5)
    assert (found.tau, found.low, found.high) == (1, 1, 1)


def test_undefined_draws_are_left_out():
    draws = np.array([[0.0, np.nan, 1.0], [1.0, 2.0, 0.0]])
    found = order_agreement((draws[:, 0], draws[:, 0]), (draws, draws), fewest=3)
    assert (found.low, found.high) == (1, 1)


def test_one_model_or_one_item_has_no_interval():
    draws = np.arange(6.0).reshape(2, 3)
    found = order_agreement((draws[:, 0], draws[:, 0]), (draws, draws), fewest=1)
    assert (found.tau, np.isnan(found.low), np.isnan(found.high)) == (1, True, True)
    found = order_agreement((draws[:1, 0], draws[:1, 0]), (draws[:1], draws[:1]), fewest=3)
    assert np.isnan([found.tau, found.low, found.high]).all()


def test_orders_of_other_items_are_refused():
    with pytest.raises(InputError, match=r"expected as many items and draws of both orders, got \(2, 3\) and \(3, 3\)"):
        order_agreement((np.zeros(2), np.zeros(3)), (np.zeros((2, 3)), np.zeros((3, 3))), 3)


@pytest.mark.parametrize("models", [2, 4])
def test_models_agree_as_a_loop_over_pairs_says(models):
    windows = uneven(models=models, gain=0.03)
    scores = tally(windows, rows("auc"))
    found = model_agreement(scores, 60, np.random.default_rng(2))
    generator = np.random.default_rng(2)
    drawn = generator.multinomial(models, np.full(models, 1 / models), size=60)
    weights = patient_weights(len(windows.patients), 60, generator)

    def tau(patients, often):
        means = (scores.sums @ patients) / (scores.counts @ patients)
        pairs = [(i, j) for i in range(models) for j in range(i)]
        known = [(often[i] * often[j], kendalltau(means[:, i], means[:, j]).statistic) for i, j in pairs]
        total = sum(times for times, _ in known)
        return sum(times * value for times, value in known) / total if total else np.nan

    taus = np.array([tau(*draw) for draw in zip(weights.astype(float), drawn, strict=True)])
    tail = expanded_tail(min(models, int(scores.patients.min())), 0.95)
    assert found.tau == pytest.approx(tau(np.ones(len(windows.patients)), np.ones(models)))
    expected = np.quantile(taus[~np.isnan(taus)], [tail, 1 - tail], method="inverted_cdf")
    assert (found.low, found.high) == pytest.approx(tuple(expected))


def test_models_of_one_order_agree():
    sums = np.arange(4.0)[:, None, None] + np.zeros((4, 3, 5))
    found = model_agreement(Tally(sums, np.ones_like(sums)), 20, np.random.default_rng(0))
    assert (found.tau, found.low, found.high, found.items) == (1, 1, 1, 4)


def test_one_model_agrees_with_nothing():
    found = model_agreement(balanced_tally(balanced(models=1)), 20, np.random.default_rng(0))
    assert np.isnan([found.tau, found.low, found.high]).all()
