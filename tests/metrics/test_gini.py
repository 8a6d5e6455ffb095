import math

import numpy as np
import pytest
from hypothesis import given

import ecgbench
from ecgbench.metrics import METRICS
from ecgbench.metrics.gini import gini
from ecgbench.types import OracleCase

from .cases import Linear, many, maps_and_masks, row


def plain(values):
    """One minus twice the area under the Lorenz curve, by the mean difference of all pairs."""
    sizes = [abs(value) for value in values]
    differences = [abs(a - b) for a in sizes for b in sizes]
    return math.fsum(differences) / (2 * len(sizes) * math.fsum(sizes)) if any(sizes) else math.nan


def test_hand_computed():
    # In ascending order 0, 1, 3 of 4: (-2 * 0 + 0 * 1 + 2 * 3) / (3 * 4).
    assert gini(row(1, -3, 0)) == pytest.approx(1 / 2)


@many
@given(maps_and_masks())
def test_equals_the_mean_difference_of_all_pairs(case):
    maps = case[0]
    wanted = [plain(values) for values in maps.reshape(len(maps), -1).astype(np.float64).tolist()]
    np.testing.assert_allclose(gini(maps), wanted, atol=1e-9)


def test_even_map_has_none_and_a_single_value_all_but_its_share():
    assert gini(row(-2, 2, 2, -2)) == 0
    assert gini(row(0, 0, -7, 0)) == 3 / 4


def test_map_of_zeros_is_undefined():
    assert np.isnan(gini(np.zeros((1, 2, 5)))).all()


def test_sign_order_and_scale_do_not_matter_however_huge():
    maps = np.random.default_rng(0).normal(size=(3, 2, 40))
    np.testing.assert_allclose(gini(-maps[..., ::-1] * 1e300), gini(maps), rtol=1e-12)


def test_quantuss_sparseness_is_the_same():
    maps = np.random.default_rng(0).normal(size=(4, 1, 50)).astype(np.float32) * 1e-3
    case = OracleCase(maps, maps > 0, maps, np.zeros(4, dtype=np.int64), None, None, Linear(maps[:2]))
    np.testing.assert_allclose(METRICS["gini"].oracle(case), gini(maps), atol=1e-6)


def test_quantus_adds_to_each_value_what_evens_out_tiny_maps():
    quantus = pytest.importorskip("quantus", reason="pip install -e '.[dev]'")
    maps = row(0, 0, 0, 1e-7)[:, None]
    metric = quantus.Sparseness(normalise=False, disable_warnings=True)
    theirs = metric(model=None, x_batch=maps, y_batch=np.array([0]), a_batch=maps, channel_first=True)
    np.testing.assert_allclose(theirs, 0.15, atol=1e-6)
    assert ecgbench.score("gini", maps[:, 0]) == 3 / 4
