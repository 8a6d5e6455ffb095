"""Shapley values against closed forms, exact enumeration and a plain second implementation; windows that don't qualify."""

import math
from itertools import combinations, permutations

import numpy as np
import pytest

from ecgbench.metrics._shapley import antithetic_orders, marginal_gains
from ecgbench.metrics._twins import REASONS, Grid, grid_of
from ecgbench.metrics.twin_agreement import PERMUTATIONS, twin_agreement, twin_shapley
from ecgbench.randomness import window_generator

from .twins import FS, Twins

KEY = "twin_agreement"


class Products:
    """Logits in which patches act together: squares and products of weighted sums."""

    def __init__(self, weights, seed=0):
        self.weights = np.random.default_rng(seed).normal(size=(4, *weights.shape[1:])) / 6
        self.linear = weights

    def __call__(self, rows):
        a, b, c, d = np.einsum("klt,nlt->kn", self.weights, rows.astype(np.float64))
        return np.einsum("olt,nlt->no", self.linear, rows.astype(np.float64)) + np.stack(
            [a * b, c * d + np.tanh(a), c**2 * np.sign(d)], axis=1
        )


def exact_shapley(worth, players):
    """Mean gain over all orders, by counting coalitions."""
    values = []
    for player in range(players):
        others, value = [other for other in range(players) if other != player], 0.0
        for size in range(players):
            share = math.factorial(size) * math.factorial(players - size - 1) / math.factorial(players)
            for coalition in combinations(others, size):
                value += share * (worth({*coalition, player}) - worth(set(coalition)))
        values.append(value)
    return np.array(values)


def worth_of(twins, i):
    """The worth of a set of patches of a window, the plain way, and the patches that play."""
    patches = [range(start, min(start + 5, twins.x.shape[2])) for start in range(0, twins.x.shape[2], 5)]
    playing = [patch for patch in patches if np.abs(twins.x[i] - twins.twin[i])[:, list(patch)].max() > 1e-6]

    def worth(members):
        row = twins.twin[i].copy()
        for member in members:
            for sample in playing[member]:
                row[:, sample] = twins.x[i][:, sample]
        return float(twins.evaluate(row[None])[0, twins.target[i]])

    return worth, [patch[0] // 5 for patch in playing]


def products(players=6, **options):
    twins = Twins(players=players, **options)
    twins.evaluate = Products(twins.weights)
    return twins


# Values


@pytest.mark.parametrize(("leads", "time"), [(1, 60), (3, 57)])
def test_values_of_a_linear_model_are_its_closed_form(leads, time):
    twins = Twins(leads=leads, time=time)
    shared = twins.shared(KEY)
    wanted = np.stack([twins.exact[..., start : start + 5].sum(axis=(1, 2)) for start in range(0, time, 5)], axis=1)
    assert (shared["reason"] == 0).all()
    np.testing.assert_allclose(shared["phi"], wanted, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(shared["halves"], np.stack([wanted, wanted], axis=1), rtol=1e-6, atol=1e-9)


def test_integrated_gradients_from_the_twin_score_one_on_a_linear_model():
    for leads in (1, 2, 12):
        twins = Twins(leads=leads)
        np.testing.assert_allclose(twins.score(KEY, twins.exact), 1.0, rtol=1e-12)
        np.testing.assert_allclose(twins.score(KEY, -twins.exact), -1.0, rtol=1e-12)


def test_values_sum_to_the_fall_of_the_logit_and_patches_that_are_equal_have_none():
    twins = products()
    shared, logits = twins.shared(KEY), [twins.evaluate(rows) for rows in (twins.x, twins.twin)]
    label = np.arange(4), twins.target
    qualifies = shared["reason"] == 0
    assert qualifies.any()
    np.testing.assert_allclose(shared["phi"].sum(axis=1)[qualifies], (logits[0][label] - logits[1][label])[qualifies], rtol=1e-12)
    plays = twins.differs[:, 0, ::5]
    assert not shared["phi"][qualifies][~plays[qualifies]].any()


def test_all_orders_give_the_exact_values():
    twins = products(players=4)
    worth, players = worth_of(twins, 0)
    exact = exact_shapley(worth, len(players))
    orders = np.array(list(permutations(range(4))))
    gains = marginal_gains(
        orders, lambda members: np.array([worth(set(np.flatnonzero(row))) for row in members]), worth(set()), worth({0, 1, 2, 3})
    )
    np.testing.assert_allclose(gains.mean(axis=0), exact, rtol=1e-9)


@pytest.mark.parametrize("players", [1, 2, 6, 8])
def test_estimate_is_within_its_error_of_exact_enumeration(players):
    twins = products(players=players, n=3)
    for i in np.flatnonzero(twins.shared(KEY)["reason"] == 0):
        worth, where = worth_of(twins, i)
        exact = exact_shapley(worth, len(where))
        drawn = np.array([twins.shared(KEY, slice(i, i + 1), seed=seed)["phi"][0, where] for seed in range(30)])
        error = np.maximum(drawn.std(axis=0, ddof=1), 1e-9 * np.abs(exact).max())
        assert (np.abs(drawn.mean(axis=0) - exact) < 5 * error / math.sqrt(30)).all()
        assert np.linalg.norm(drawn - exact, axis=1).mean() < 0.35 * np.linalg.norm(exact)


def test_values_are_those_of_a_plain_second_implementation():
    twins = products()
    shared = twins.shared(KEY)
    for i in np.flatnonzero(shared["reason"] == 0):
        worth, where = worth_of(twins, i)
        orders = antithetic_orders(window_generator(twins.seed, twins.x[i], KEY), len(where), PERMUTATIONS)
        gains = np.zeros((len(orders), len(where)))
        for row, order in zip(gains, orders.tolist(), strict=True):
            for place, player in enumerate(order):
                row[player] = worth(set(order[: place + 1])) - worth(set(order[:place]))
        np.testing.assert_allclose(shared["phi"][i, where], gains.mean(axis=0), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(shared["halves"][i][:, where], [gains[:8].mean(axis=0), gains[8:].mean(axis=0)], rtol=1e-9, atol=1e-9)


def test_every_second_order_is_the_reverse_of_the_one_before():
    orders = antithetic_orders(np.random.default_rng(0), 7, 16)
    assert orders.shape == (16, 7)
    np.testing.assert_array_equal(orders[1::2], orders[::2, ::-1])
    assert (np.sort(orders, axis=1) == np.arange(7)).all()
    assert len(np.unique(orders[::2], axis=0)) == 8


# Scores


def test_random_maps_score_about_zero():
    twins = Twins(n=60, time=200, players=8)
    scores = twins.score(KEY, np.random.default_rng(0).normal(size=twins.x.shape))
    assert abs(scores.mean()) < 4 * scores.std(ddof=1) / math.sqrt(60)


def test_score_is_the_correlation_of_patch_sums_with_the_values():
    twins = products(n=5, time=63)
    maps, shared = np.random.default_rng(1).normal(size=twins.x.shape), twins.shared(KEY)
    sums = np.stack([maps[..., start : start + 5].sum(axis=(1, 2)) for start in range(0, 63, 5)], axis=1)
    wanted = [
        np.corrcoef(a, b)[0, 1] if reason == 0 else np.nan for a, b, reason in zip(sums, shared["phi"], shared["reason"], strict=True)
    ]
    np.testing.assert_allclose(twins.score(KEY, maps), wanted, rtol=1e-9)


def test_constant_maps_have_no_score_though_the_last_patch_is_shorter():
    twins = Twins(time=63)
    assert np.isnan(twins.score(KEY, np.ones_like(twins.x))).all()
    alternating = np.tile([1.0, -1.0, 0.0, 1.0, -1.0], 13)[:63] * np.ones_like(twins.x)
    alternating[..., 60:] = 0
    assert np.isnan(twins.score(KEY, alternating)).all()


def test_window_is_scored_alone_as_beside_others_to_the_last_bit():
    twins = products(n=5)
    maps = np.random.default_rng(1).normal(size=twins.x.shape)
    alone = [twins.score(KEY, maps[i : i + 1], slice(i, i + 1))[0] for i in range(5)]
    np.testing.assert_array_equal(twins.score(KEY, maps), alone)


# Windows that don't qualify


def sums(*values):
    """A window of 30 samples whose first patches sum to the values."""
    window = np.zeros((1, 30), dtype=np.float32)
    window[0, : 5 * len(values) : 5] = values
    return window


NONE = np.full((1, 30), np.nan, dtype=np.float32)
CASES = {
    "qualifies": (sums(5), sums(0), NONE),
    "qualifies with a sham": (sums(5), sums(0), sums(4)),
    "no_twin": (sums(5), NONE, NONE),
    "no_twin but a sham": (sums(5), NONE, sums(4)),
    "twin_not_normal": (sums(5), sums(3), NONE),
    "twin_not_normal but of a third class": (sums(5), sums(0, 3), sums(4)),
    "sham_loses_label": (sums(5), sums(0), sums(1)),
    "small_fall": (sums(2.4), sums(1.6), sums(2.4)),
}


def plain_logits(rows):
    """2 for the normal class, a patch's sum for either other one."""
    return np.stack([np.full(len(rows), 2.0), rows[..., :5].sum(axis=(1, 2)), rows[..., 5:10].sum(axis=(1, 2))], axis=1)


def test_every_window_has_its_reason_and_only_those_that_qualify_have_values_and_scores():
    x, twin, sham = (np.stack(part) for part in zip(*CASES.values(), strict=True))
    target = np.ones(len(x), dtype=np.int64)
    shared = twin_shapley(x, twin, sham, target, plain_logits, 0, False, FS)
    assert [REASONS[number] for number in shared["reason"]] == [name.split()[0] for name in CASES]
    scores = twin_agreement(np.random.default_rng(0).normal(size=x.shape), x, FS, shared)
    np.testing.assert_array_equal(np.isnan(scores), shared["reason"] > 0)
    np.testing.assert_array_equal(np.isnan(shared["phi"]).all(axis=1), shared["reason"] > 0)


def test_of_several_labels_a_twin_must_lose_its_own_alone():
    x, twin = np.stack([sums(5, 4)] * 3), np.stack([sums(-1, 4), sums(0.5, 4), sums(-1, -4)])
    reason = twin_shapley(x, twin, np.full_like(x, np.nan), np.ones(3, dtype=np.int64), plain_logits, 0, True, FS)["reason"]
    assert [REASONS[number] for number in reason] == ["qualifies", "twin_not_normal", "qualifies"]


# Patches


def test_patches_of_many_leads_cover_three_of_them_each():
    grid = Grid(12, 11, 5)
    assert [(group.start, group.stop) for group in grid.groups] == [(0, 3), (3, 6), (6, 9), (9, 12)]
    assert grid.cells[[0, 2, 3, 11]].tolist() == [
        [0] * 5 + [1] * 5 + [2],
        [0] * 5 + [1] * 5 + [2],
        [3] * 5 + [4] * 5 + [5],
        [9] * 5 + [10] * 5 + [11],
    ]
    assert len(Grid(3, 11, 5).groups) == 1
    assert [(group.start, group.stop) for group in Grid(8, 11, 5).groups] == [(0, 3), (3, 6), (6, 8)]


@pytest.mark.parametrize(("fs", "patch"), [(128, 13), (360, 36), (250, 25), (500, 50), (4, 1)])
def test_patch_is_a_tenth_of_a_second(fs, patch):
    assert grid_of(np.zeros((1, 1, 900)), fs).patch == patch
