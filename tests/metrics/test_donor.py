"""Exchange with the donor in the map's order, a second time by plain loops."""

import math
from itertools import pairwise

import numpy as np
import pytest

from ecgbench.metrics import METRICS
from ecgbench.metrics._donors import donor_facts

from .cases import stepwise
from .twins import Twins

SIGN = {"donor_morf": 1, "donor_lerf": -1}
both = pytest.mark.parametrize("key", SIGN)


class Donors(Twins):
    """Windows with donors that differ everywhere, and a linear model that takes them for normal."""

    def __init__(self, **options):
        super().__init__(players=options.get("time", 60) // 5, **options)
        self.donor = self.twin

    def given(self, names, windows=slice(None), **changed):
        return super().given(names, windows, **{"donor": self.donor[windows], **changed})


def score(donors, key, maps, windows=slice(None)):
    entry = METRICS[key]
    steps = entry.perturb(maps, **donors.given((*entry.perturb_needs,), windows))
    curves = stepwise(donors.evaluate, donors.x[windows], steps, np.nan_to_num(donors.donor[windows]))
    return donors.score(key, None, windows, curves=curves, steps=steps.count)


def plain(donors, maps, i, sign):
    """Patches of 5 samples become the donor's in a map's order to half of the window; no sums may be tied."""
    time, logit = donors.x.shape[2], lambda row: donors.evaluate(row[None])[0][donors.target[i]]
    patches = [range(start, min(start + 5, time)) for start in range(0, time, 5)]
    sums = [math.fsum(maps[i][:, list(patch)].ravel().tolist()) for patch in patches]
    row, whole, gone = donors.x[i].copy(), logit(donors.x[i]) - logit(donors.donor[i]), 0
    shares = [0.0]
    for patch in sorted(range(len(patches)), key=lambda number: -sign * sums[number]):
        if gone >= time / 2:
            break
        row[:, list(patches[patch])] = donors.donor[i][:, list(patches[patch])]
        gone += len(patches[patch])
        shares.append((logit(donors.x[i]) - logit(row)) / whole)
    return sum((a + b) / 2 for a, b in pairwise(shares)) / (len(shares) - 1)


def noise(donors, seed=1):
    return np.random.default_rng(seed).normal(size=donors.x.shape)


@pytest.mark.parametrize(("leads", "time"), [(1, 60), (2, 63), (3, 57)])
@both
def test_score_is_that_of_plain_loops(key, leads, time):
    donors = Donors(n=5, leads=leads, time=time)
    maps = noise(donors)
    np.testing.assert_allclose(score(donors, key, maps), [plain(donors, maps, i, SIGN[key]) for i in range(5)], rtol=1e-6)


def test_hand_computed():
    # Two patches of a linear model that are worth 3 and 1 of a fall of 4: one step, from 0 to 3/4 or to 1/4.
    donors = Donors(n=1, leads=1, time=10)
    donors.x, donors.donor = np.ones((1, 1, 10), np.float32), np.zeros((1, 1, 10), np.float32)
    donors.target, weights = np.array([1]), np.zeros((2, 1, 10))
    weights[1, 0, [0, 5]] = 3, 1
    weights[0, 0, 0] = -1
    donors.evaluate.weights = weights
    maps = np.repeat([[[1.0, 0.0]]], 5, axis=2)
    assert score(donors, "donor_morf", maps) == pytest.approx(3 / 8)
    assert score(donors, "donor_lerf", maps) == pytest.approx(1 / 8)


@both
def test_the_exact_values_are_the_best_order(key):
    donors, direction = Donors(n=20, time=100), SIGN[key]
    exact = donors.weights[donors.target] * (donors.x.astype(np.float64) - donors.donor)
    best = score(donors, key, exact)
    for seed in range(5):
        assert (direction * (best - score(donors, key, noise(donors, seed))) >= -1e-6).all()


@both
def test_windows_that_do_not_qualify_have_no_score_and_are_counted(key):
    donors = Donors(n=4)
    donors.donor = donors.donor.copy()
    donors.donor[1] = np.nan
    donors.donor[2] = donors.x[2] * 0.999
    np.testing.assert_array_equal(np.isnan(score(donors, key, noise(donors))), [False, True, True, False])
    assert donor_facts(donors.shared(key)) == {"qualifies": 2, "no_donor": 1, "donor_not_normal": 0, "small_fall": 1}


@both
def test_window_is_scored_alone_as_beside_others_to_the_last_bit(key):
    donors = Donors(n=5)
    maps = noise(donors)
    alone = [score(donors, key, maps[i : i + 1], slice(i, i + 1))[0] for i in range(5)]
    np.testing.assert_array_equal(score(donors, key, maps), alone)
