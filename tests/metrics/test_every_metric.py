"""What holds for every metric, whichever it is."""

import subprocess
import sys

import numpy as np
import pytest

from ecgbench.errors import InputError
from ecgbench.metrics import METRICS

from .cases import World

KEYS = METRICS.keys()
LOCALISATION = [entry.key for entry in METRICS if entry.family == "localisation"]

every_metric = pytest.mark.parametrize("key", KEYS)


def test_the_nine_metrics_are_found():
    assert KEYS == [
        "attribution_localization",
        "auc",
        "faithfulness_correlation",
        "pointing_game",
        "region_perturbation_lerf",
        "region_perturbation_morf",
        "relevance_mass_accuracy",
        "relevance_rank_accuracy",
        "top_k_intersection",
    ]


def test_metrics_do_not_import_torch():
    code = "import sys; from ecgbench.metrics import METRICS; METRICS.keys(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@every_metric
def test_scores_are_float64_within_the_declared_bounds(key):
    world = World(n=6)
    scores = world.score(key, world.attributions)
    low, high = METRICS[key].bounds
    assert scores.shape == (6,)
    assert scores.dtype == np.float64
    assert ((low <= scores) & (scores <= high)).all()


@every_metric
def test_read_only_arguments_are_enough_and_stay_as_they_are(key):
    world, untouched = World().freeze(), World()
    np.testing.assert_array_equal(world.score(key, world.attributions), untouched.score(key, untouched.attributions))
    for name in ("x", "attributions", "mask", "target"):
        np.testing.assert_array_equal(getattr(world, name), getattr(untouched, name))


@every_metric
def test_score_does_not_depend_on_batch(key):
    world = World(n=5)
    together = world.score(key, world.attributions)
    alone = [world.score(key, world.attributions[i : i + 1], slice(i, i + 1))[0] for i in range(5)]
    np.testing.assert_array_equal(together, alone)


@every_metric
def test_extreme_and_degenerate_neighbours_change_nothing(key):
    world = World(n=5)
    attributions = world.attributions.copy()
    attributions[1] *= 1e12
    attributions[2] = 0
    attributions[3] = -1
    world.mask[3], world.mask[4] = True, False
    assert world.score(key, attributions)[0] == world.score(key, attributions[:1], slice(0, 1))[0]


@every_metric
def test_scale_of_the_map_does_not_matter(key):
    world = World()
    np.testing.assert_allclose(world.score(key, world.attributions * 2.0**-40), world.score(key, world.attributions), rtol=1e-12)


@every_metric
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_maps_that_are_not_finite_are_refused_by_window(key, bad):
    world = World(n=4)
    attributions = world.attributions.copy()
    attributions[1, 0, 3] = attributions[3, 1, 0] = bad
    with pytest.raises(InputError, match=r"finite.* windows 1, 3; "):
        world.score(key, attributions)


@every_metric
def test_no_windows_give_no_scores(key):
    world = World(n=4)
    assert world.score(key, world.attributions[:0], slice(0, 0)).shape == (0,)


@every_metric
def test_the_exact_explanation_beats_its_negative_in_the_declared_direction(key):
    world = World(n=8)
    if key in LOCALISATION:
        exact = np.where(world.mask, 1.0, -1.0) * np.abs(world.attributions)
    else:
        exact = world.x * world.evaluate.weights.reshape(3, *world.x.shape[1:])[world.target]
    good, bad = world.score(key, exact), np.nan_to_num(world.score(key, -exact))
    assert (good > bad).all() if METRICS[key].higher_is_better else (good < bad).all()


@pytest.mark.parametrize("key", LOCALISATION)
def test_chance_is_the_mean_score_of_random_maps(key):
    world = World(n=1, leads=2, time=40)
    maps = np.random.default_rng(1).random((4000, 2, 40))
    scores = METRICS[key].function(maps, np.repeat(world.mask, len(maps), axis=0))
    spread = 5 * scores.std() / np.sqrt(len(maps))
    assert abs(scores.mean() - METRICS[key].chance(world.mask)[0]) < spread


@pytest.mark.parametrize("key", LOCALISATION)
@pytest.mark.parametrize("full", [False, True])
def test_chance_is_undefined_where_the_mask_leaves_the_score_undefined(key, full):
    world = World(n=1)
    world.mask[:] = full
    assert np.isnan(METRICS[key].chance(world.mask)[0]) == np.isnan(world.score(key, np.abs(world.attributions))[0])


@every_metric
def test_the_study_changes_only_options_that_the_metric_has(key):
    assert set(METRICS[key].study) <= set(METRICS[key].options)


@every_metric
@pytest.mark.parametrize("time", [16, 48, 160])
def test_declared_passes_are_those_that_are_made(key, time):
    world = World(n=1, time=time)
    world.score(key, world.attributions)
    assert METRICS[key].passes(time) == sum(map(len, world.evaluate.calls))


def test_only_the_ranked_metrics_count():
    ranked = {entry.key for entry in METRICS if entry.ranked}
    assert set(KEYS) - ranked == {"relevance_mass_accuracy", "top_k_intersection"}
    assert [entry.key for entry in METRICS if entry.signed_only] == ["faithfulness_correlation"]
