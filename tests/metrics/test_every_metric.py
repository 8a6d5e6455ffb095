"""What the package's own metrics keep beyond the trials of all entries (see tests/testing)."""

import subprocess
import sys

import numpy as np
import pytest

from ecgbench.metrics import METRICS

from .cases import World

RANKED = {
    "attribution_localization": True,
    "auc": True,
    "auc_pr": False,
    "consistency": False,
    "consistency_excess": False,
    "core_share": False,
    "donor_lerf": True,
    "donor_morf": True,
    "duration_90": False,
    "elsewhere_share": False,
    "faithfulness_correlation": False,
    "false_mass": True,
    "flip_duration": True,
    "gini": False,
    "infidelity": False,
    "pointing_game": False,
    "pointing_game_tolerance": False,
    "region_perturbation_lerf": False,
    "region_perturbation_morf": False,
    "relevance_mass_accuracy": False,
    "relevance_rank_accuracy": True,
    "rhythm_share": False,
    "top_k_intersection": False,
    "twin_agreement": True,
    "twin_lerf": True,
    "twin_morf": True,
}
"""Whether each of them counts for the ranking."""

OF_EACH_COMPUTATION = [
    *("attribution_localization", "auc", "auc_pr", "faithfulness_correlation", "pointing_game", "region_perturbation_morf"),
    "relevance_rank_accuracy",
]
"""One of each: region perturbations share a computation, and so do shares of positive mass and hits among the highest values."""

every_computation = pytest.mark.parametrize("key", OF_EACH_COMPUTATION)


def test_metrics_do_not_import_torch():
    code = "import sys; from ecgbench.metrics import METRICS; METRICS.keys(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_metrics_count_as_ever():
    assert {key: METRICS[key].ranked for key in RANKED} == RANKED
    assert {key for key in RANKED if METRICS[key].signed_only} == {
        "consistency_excess",
        "faithfulness_correlation",
        "infidelity",
        "twin_agreement",
    }


@every_computation
def test_score_does_not_depend_on_batch_to_the_last_bit(key):
    world = World(n=5)
    together = world.score(key, world.attributions)
    alone = [world.score(key, world.attributions[i : i + 1], slice(i, i + 1))[0] for i in range(5)]
    np.testing.assert_array_equal(together, alone)


@every_computation
def test_scale_of_the_map_does_not_matter(key):
    world = World()
    np.testing.assert_allclose(world.score(key, world.attributions * 2.0**-40), world.score(key, world.attributions), rtol=1e-12)


@pytest.mark.parametrize(
    ("key", "time"), [("faithfulness_correlation", 48), ("region_perturbation_morf", 16), ("region_perturbation_morf", 48)]
)
def test_declared_passes_are_exactly_those_that_are_made(key, time):
    world = World(n=1, time=time)
    world.score(key, world.attributions)
    assert METRICS[key].passes(time) == sum(map(len, world.evaluate.calls))
