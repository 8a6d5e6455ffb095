import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

import ecgbench
from ecgbench.methods import METHODS

from .cases import every_method, small, windows

STOCHASTIC = [entry.key for entry in METHODS if entry.stochastic]
IN_ANOTHER_PROCESS = """
import sys
import ecgbench
from tests.methods.cases import small, windows
maps = ecgbench.explain(small(), windows(n=4)[::-1], 1, sys.argv[1], seed=7, batch_size=3)
sys.stdout.write(maps[::-1].tobytes().hex())
"""


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


@pytest.mark.parametrize("key", STOCHASTIC)
def test_another_process_draws_the_same_maps_in_another_batch(key):
    maps = ecgbench.explain(small(), windows(n=4), 1, key, seed=7)
    other = subprocess.run([sys.executable, "-c", IN_ANOTHER_PROCESS, key], capture_output=True, text=True, check=True)
    np.testing.assert_array_equal(np.frombuffer(bytes.fromhex(other.stdout)).reshape(maps.shape), maps)


@pytest.mark.parametrize("key", STOCHASTIC)
def test_other_seeds_draw_other_maps(key):
    first, second = (ecgbench.explain(small(), windows(), 1, key, seed=seed) for seed in (0, 1))
    assert (first != second).any(axis=(1, 2)).all()


@pytest.mark.parametrize("key", STOCHASTIC)
def test_other_windows_draw_other_maps(key):
    x = windows(n=1).copy()
    first = ecgbench.explain(small(), x, 1, key)
    x[0, 0, 0] += 1e-3
    assert (ecgbench.explain(small(), x, 1, key) != first).mean() > 0.9


@every_method
def test_only_methods_that_declare_it_depend_on_the_seed(key):
    first, second = (ecgbench.explain(small(), windows(), 1, key, seed=seed) for seed in (0, 1))
    assert np.array_equal(first, second) != METHODS[key].stochastic


@pytest.mark.parametrize("key", STOCHASTIC)
def test_precision_of_the_windows_does_not_change_what_is_drawn(key):
    x = windows(dtype=np.float32)
    np.testing.assert_array_equal(ecgbench.explain(small(), x, 1, key), ecgbench.explain(small(), x.astype(np.float64), 1, key))
