"""Exchange with the twin in the map's order, and false mass, a second time by plain loops."""

import math

import numpy as np
import pytest

from ecgbench.metrics import METRICS

from .cases import stepwise
from .twins import Twins

EXCHANGED = ("twin_morf", "twin_lerf", "flip_duration")
FAMILY = (*EXCHANGED, "false_mass", "twin_agreement")


def score(twins, key, maps, windows=slice(None)):
    """Scores by a metric of the family, whatever its parts."""
    entry = METRICS[key]
    if entry.perturb is None:
        return twins.score(key, maps, windows)
    given = twins.given(entry.perturb_needs, windows)
    steps = entry.perturb(maps, **given)
    x, twin = twins.x[windows], np.nan_to_num(twins.twin[windows])
    changed = np.pad((steps.offset - steps.onset).cumsum(axis=1), ((0, 0), (1, 0)))
    curves = stepwise(twins.evaluate, x, steps, twin)
    return twins.score(key, None, windows, curves=curves, steps=steps.count, changed=changed)


def walked(twins, maps, i, sign):
    """Logits (points, outputs) and samples exchanged while patches of 5 samples are exchanged in a map's order; no sums may be tied."""
    patches = [range(start, min(start + 5, twins.x.shape[2])) for start in range(0, twins.x.shape[2], 5)]
    sums = [math.fsum(maps[i][:, list(patch)].ravel().tolist()) for patch in patches]
    row, points, samples = twins.x[i].copy(), [twins.evaluate(twins.x[i][None])[0]], [0]
    for patch in sorted(range(len(patches)), key=lambda number: -sign * sums[number]):
        for sample in patches[patch]:
            row[:, sample] = twins.twin[i][:, sample]
        points.append(twins.evaluate(row[None])[0])
        samples.append(samples[-1] + len(patches[patch]))
    return np.array(points), samples


def plain_height(twins, maps, i, sign):
    points, samples = walked(twins, maps, i, sign)
    logit, area, steps = points[:, twins.target[i]], 0.0, 0
    share = [(logit[0] - value) / (logit[0] - logit[-1]) for value in logit]
    while samples[steps] < twins.x.shape[2] / 2:
        area += (share[steps] + share[steps + 1]) / 2
        steps += 1
    return area / steps


def plain_flip(twins, maps, i):
    points, samples = walked(twins, maps, i, 1)
    return next(seconds for point, seconds in zip(points, samples, strict=True) if point.argmax() != twins.target[i]) / twins.fs


def plain_false_mass(twins, maps, i):
    equal = np.repeat(~twins.differs[i, 0, ::5], 5)[: twins.x.shape[2]]
    mass = np.abs(maps[i])
    return mass[:, equal].sum() / mass.sum() / equal.mean()


PLAIN = {
    "twin_morf": lambda twins, maps, i: plain_height(twins, maps, i, 1),
    "twin_lerf": lambda twins, maps, i: plain_height(twins, maps, i, -1),
    "flip_duration": plain_flip,
    "false_mass": plain_false_mass,
}


def noise(twins, seed=1):
    return np.random.default_rng(seed).normal(size=twins.x.shape)


@pytest.mark.parametrize(("leads", "time"), [(1, 60), (2, 63), (3, 57)])
@pytest.mark.parametrize("key", PLAIN)
def test_score_is_that_of_plain_loops(key, leads, time):
    twins = Twins(n=5, leads=leads, time=time)
    maps = noise(twins)
    np.testing.assert_allclose(score(twins, key, maps), [PLAIN[key](twins, maps, i) for i in range(5)], rtol=1e-6)


def test_the_exact_values_are_the_best_order():
    twins = Twins(n=20, time=100)
    for key in EXCHANGED:
        best, direction = score(twins, key, twins.exact), 1 if METRICS[key].higher_is_better else -1
        for seed in range(5):
            assert (direction * (best - score(twins, key, noise(twins, seed))) >= -1e-6).all(), key


def test_a_map_that_keeps_to_the_players_has_no_false_mass_an_even_one_has_one():
    twins = Twins(n=4, leads=2)
    inside = np.broadcast_to(twins.differs, twins.x.shape)
    np.testing.assert_array_equal(score(twins, "false_mass", np.where(inside, noise(twins), 0)), 0.0)
    np.testing.assert_allclose(score(twins, "false_mass", np.full(twins.x.shape, -0.3)), 1.0)
    np.testing.assert_allclose(score(twins, "false_mass", np.where(inside, 0, 1.0)), 1 / (1 - inside.mean(axis=(1, 2))))
    np.testing.assert_allclose(score(twins, "false_mass", noise(twins) * 1e300), score(twins, "false_mass", noise(twins)))
    assert np.isnan(score(twins, "false_mass", np.zeros(twins.x.shape))).all()


def test_false_mass_is_undefined_where_everything_changes():
    twins = Twins(players=12)
    assert np.isnan(score(twins, "false_mass", noise(twins))).all()


def test_least_relevant_first_is_most_relevant_first_backwards_with_ties_too():
    twins = Twins(time=63)
    maps = np.zeros(twins.x.shape)
    forth, back = (METRICS[key].perturb(maps, **twins.given(METRICS[key].perturb_needs)) for key in ("twin_morf", "twin_lerf"))
    np.testing.assert_array_equal(forth.onset, back.onset[:, ::-1])


@pytest.mark.parametrize("key", FAMILY)
def test_windows_that_do_not_qualify_have_no_score(key):
    twins = Twins(n=4)
    twins.twin[1] = np.nan
    twins.twin[2] = np.where(twins.differs[2], twins.x[2] * 0.999, twins.x[2])
    twins.sham[3] = twins.twin[3]
    np.testing.assert_array_equal(np.isnan(score(twins, key, noise(twins))), [False, True, True, True])


@pytest.mark.parametrize("key", FAMILY)
def test_window_is_scored_alone_as_beside_others_to_the_last_bit(key):
    twins = Twins(n=5)
    maps = noise(twins)
    alone = [score(twins, key, maps[i : i + 1], slice(i, i + 1))[0] for i in range(5)]
    np.testing.assert_array_equal(score(twins, key, maps), alone)


@pytest.mark.parametrize("key", FAMILY)
def test_scale_of_the_map_does_not_matter(key):
    twins = Twins()
    np.testing.assert_allclose(score(twins, key, noise(twins) * 2.0**-40), score(twins, key, noise(twins)), rtol=1e-12)
