"""Agreement of maps between models, by itself and beside that of what the models rest on."""

import numpy as np
import pytest

from ecgbench.metrics.consistency import consistency
from ecgbench.metrics.consistency_excess import consistency_excess
from ecgbench.metrics.twin_agreement import twin_shapley

from .cases import Linear, row
from .twins import Twins


def shared_of(twins, weights):
    return twin_shapley(**{**twins.given(("x", "twin", "sham", "target", "seed", "multilabel", "fs")), "evaluate": Linear(weights)})


def shapley_maps(twins, shared):
    """A map whose sums over patches of 5 samples are the Shapley values."""
    patches = -(-twins.x.shape[2] // 5)
    maps = np.zeros(twins.x.shape)
    maps[:, 0, ::5] = shared["phi"][:, :patches]
    return maps


class Pair:
    """Two linear models that rest on almost the same, and windows with twins that both take for normal."""

    def __init__(self, n=4, leads=1, time=60):
        self.twins = Twins(n=n, leads=leads, time=time)
        first = self.twins.weights
        noise = np.random.default_rng(1).normal(size=first.shape)
        self.shared = [shared_of(self.twins, weights) for weights in (first, first + 0.3 * noise)]
        self.maps = [shapley_maps(self.twins, shared) for shared in self.shared]

    def excess(self, own, other):
        others = {name: array[:, None] for name, array in self.shared[1].items()}
        return consistency_excess(own, other[:, None], self.twins.x, self.twins.fs, self.shared[0], others)


def test_hand_computed():
    # With 1, 2, 3: r = 1 and r = -1/2 with 2, 3, 1.
    others = np.stack([row(2, 4, 6), row(2, 3, 1)], axis=1)
    assert consistency(row(1, 2, 3), others) == pytest.approx(1 / 4)


def test_score_is_the_mean_of_numpys_correlations():
    rng = np.random.default_rng(0)
    own, others = rng.normal(size=(3, 2, 40)), rng.normal(size=(3, 4, 2, 40))
    wanted = [np.mean([np.corrcoef(own[i].ravel(), other.ravel())[0, 1] for other in others[i]]) for i in range(3)]
    np.testing.assert_allclose(consistency(own, others), wanted, rtol=1e-9)


def test_map_agrees_with_itself_wholly_and_a_constant_one_with_nothing():
    own = np.random.default_rng(0).normal(size=(2, 1, 30))
    np.testing.assert_allclose(consistency(own, np.stack([own, 7 * own + 1], axis=1)), 1.0)
    constant = np.stack([own, np.ones_like(own)], axis=1)
    assert np.isnan(consistency(own, constant)).all()


def test_shapley_values_themselves_have_no_excess():
    pair = Pair()
    np.testing.assert_allclose(pair.excess(*pair.maps), 0.0, atol=1e-12)


def test_maps_that_know_no_model_have_less_and_unstable_ones_more():
    pair = Pair()
    same = pair.excess(pair.maps[0], pair.maps[0])
    phi = [np.corrcoef(*pairs)[0, 1] for pairs in zip(*(shared["phi"] for shared in pair.shared), strict=True)]
    np.testing.assert_allclose(same, np.array(phi) - 1)
    noise = np.random.default_rng(2).normal(size=(2, *pair.twins.x.shape))
    assert (same < 0).all()
    assert (pair.excess(*noise) > 0.2).all()


def test_windows_that_do_not_qualify_for_each_model_have_no_score():
    pair = Pair()
    pair.shared[1]["reason"][2] = 1
    np.testing.assert_array_equal(np.isnan(pair.excess(*pair.maps)), [False, False, True, False])
