"""What methods draw: it depends on the seed and on what they explain, and on nothing else."""

import numpy as np
import pytest
from scipy import stats

import ecgbench
from ecgbench.methods import METHODS

from .cases import Linear, explain, small, windows

STOCHASTIC = [entry.key for entry in METHODS if entry.stochastic]
OWN_DRAWS = ["kernel_shap", "lime", "random_baseline"]
"""Methods whose maps are little else than what is drawn for the window."""


def test_values_are_standard_normal():
    maps = ecgbench.explain(small(), windows(n=40, time=500), 0, "random_baseline")
    assert stats.kstest(maps.reshape(-1), "norm").pvalue > 0.01
    assert abs(maps.mean()) < 5 / maps.size**0.5
    assert abs(maps.var() - 1) < 5 * (2 / maps.size) ** 0.5


def test_values_of_one_window_tell_nothing_of_anothers():
    maps = ecgbench.explain(small(), windows(n=2, time=2000), 0, "random_baseline").reshape(2, -1)
    assert abs(np.corrcoef(maps)[0, 1]) < 5 / maps.shape[1] ** 0.5


def test_model_and_target_do_not_matter():
    x = windows()
    maps = ecgbench.explain(small(), x, 0, "random_baseline")
    np.testing.assert_array_equal(ecgbench.explain(small(seed=1), x, [1, 2, 0], "random_baseline"), maps)


@pytest.mark.parametrize("key", OWN_DRAWS)
def test_a_window_that_differs_in_one_sample_draws_another_map(key):
    x = windows(n=1).copy()
    first = explain(small(), x, 1, key)
    x[0, 0, 0] += 1e-5
    assert (np.abs(explain(small(), x, 1, key) - first) > 1e-3 * np.abs(first).max()).mean() > 0.9


@pytest.mark.parametrize("batch_size", [1, 3, 4])
def test_all_windows_have_the_same_baselines_in_deep_shap(batch_size):
    # Of a linear model, the map is weight * (window - mean of the baselines).
    x, weight = windows(n=4), windows(n=3, seed=1)
    maps = ecgbench.explain(Linear(weight, [0.0, 0, 0]), x, 1, "deep_shap", batch_size=batch_size, baselines=5)
    mean = x - maps / weight[1]
    np.testing.assert_allclose(mean, mean[:1].repeat(4, axis=0), atol=1e-9)
    assert mean[0].var() == pytest.approx(1 / 5, rel=0.4)


@pytest.mark.parametrize("key", STOCHASTIC)
def test_precision_of_the_windows_does_not_change_what_is_drawn(key):
    x = windows(dtype=np.float32)
    np.testing.assert_array_equal(explain(small(), x, 1, key), explain(small(), x.astype(np.float64), 1, key))
