"""Our faithfulness metrics beside Quantus 0.6.0: equal given the same patches or subsets, each known difference shown by a test.

Quantus is called as one has to: one window a call, maps (1, 1, leads, time), nothing normalised, a perturbation of one's own.
"""

import logging

import numpy as np
import pytest
import torch

from ecgbench.metrics import METRICS, _quantus
from ecgbench.metrics._quantus import Zeroing, mean_height
from ecgbench.metrics.faithfulness_correlation import faithfulness_correlation, falls_of_subsets, random_subsets

from .cases import World, perturbed

ORDERS = {"region_perturbation_morf": "morf", "region_perturbation_lerf": "lerf"}
both_orders = pytest.mark.parametrize("key", ORDERS)


@pytest.fixture(scope="module")
def quantus():
    return pytest.importorskip("quantus", reason="pip install -e '.[dev]'")


@pytest.fixture(scope="module")
def models():
    """Small networks with a kink, by number of leads: (n, 1, leads, time) to three logits; the probability is far from 0 and 1."""
    torch.manual_seed(0)
    nets = {}
    for leads in (1, 12):
        convolution = torch.nn.Conv2d(1, 4, (leads, 9), padding=(0, 4))
        layers = (torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(4, 3))
        layers[-1].weight.data *= 10
        nets[leads] = torch.nn.Sequential(convolution, *layers).eval()
    return nets


def evaluator(model):
    def evaluate(rows):
        with torch.no_grad():
            return model(torch.as_tensor(rows[:, None])).numpy()

    return evaluate


def regions(key, model, world, perturb, **options):
    return _quantus.falls(ORDERS[key], model, world.x, world.target, world.attributions, perturb, **options)


def correlation(model, world, perturb):
    return _quantus.correlation(model, world.x, world.target, world.attributions, perturb)


def ours(key, model, world, **options):
    return perturbed(key, world.attributions, world.x, world.target, evaluator(model), 0, False, **options)


@pytest.mark.parametrize("leads", [1, 12])
@both_orders
def test_region_perturbation_agrees_given_the_same_patches(quantus, models, key, leads):
    world = World(n=1, leads=leads, time=320)
    theirs = mean_height(regions(key, models[leads], world, Zeroing(), count=10)[0])
    np.testing.assert_allclose(ours(key, models[leads], world), theirs, atol=1e-6)
    assert abs(theirs) > 1e-3


@pytest.mark.parametrize(
    ("key", "time"), [*(("region_perturbation_morf", time) for time in (320, 321, 329, 1744)), ("region_perturbation_lerf", 1745)]
)
def test_the_studys_region_perturbation_is_quantuss(quantus, models, key, time):
    world = World(n=1, leads=1, time=time)
    theirs = mean_height(regions(key, models[1], world, Zeroing())[0])
    np.testing.assert_allclose(ours(key, models[1], world, **METRICS[key].study), theirs, atol=1e-6)


@pytest.mark.parametrize(("time", "theirs"), [(1280, 1.0), (2880, 0.556), (2049, 0.777)])
def test_a_hundred_patches_zero_another_share_of_every_length_where_ours_zeroes_half(quantus, models, time, theirs):
    world, perturb, seen = World(n=1, leads=1, time=time), Zeroing(), []

    def evaluate(rows):
        seen.append((rows == 0).mean())
        return evaluator(models[1])(rows)

    regions("region_perturbation_morf", models[1], world, perturb)
    perturbed("region_perturbation_morf", world.attributions, world.x, world.target, evaluate, 0, False)
    assert min(len(perturb.indices) * 16, time) / time == pytest.approx(theirs, abs=0.005)
    assert 0.5 <= seen[-1] < 0.5 + 16 / time


def test_zero_map_is_ordered_from_left_to_right_in_both_orders_where_ours_reverses(quantus, models):
    world = World(n=2, leads=1, time=320)
    world.attributions[0] = 0
    first, mine = {}, {}
    for key in ORDERS:
        perturb = Zeroing()
        regions(key, models[1], world, perturb)
        first[key] = [int(indices[0].min() % 320 // 16) for indices in perturb.indices]
        mine[key] = ours(key, models[1], world)[0]
    assert first["region_perturbation_morf"] == first["region_perturbation_lerf"] == list(range(20))
    assert mine["region_perturbation_morf"] != mine["region_perturbation_lerf"]


@pytest.mark.parametrize(("grid", "samples"), [("centred", 13), ("start", 16)])
def test_quantus_centres_its_grid_where_ours_starts_with_a_whole_patch(quantus, models, grid, samples):
    world, perturb, seen = World(n=1, leads=1, time=330), Zeroing(), []

    def evaluate(rows):
        seen.append(rows)
        return evaluator(models[1])(rows)

    # The first patch is the most relevant; 6 samples are missing to whole patches.
    world.attributions[:] = -np.arange(330)
    perturbed("region_perturbation_morf", world.attributions, world.x, world.target, evaluate, 0, False, grid=grid)
    assert (seen[1] == 0).sum() == samples
    regions("region_perturbation_morf", models[1], world, perturb, count=1)
    padded = perturb.rows[0].reshape(16, 336)[7, 3:333]
    assert (padded == 0).sum() == 13


def test_black_is_the_signals_minimum_and_not_zero(quantus):
    black = quantus.functions.perturb_func.batch_baseline_replacement_by_indices
    signal = np.array([[-2.0, 5.0, 1.0]])
    assert black(signal, np.array([[1]]), perturb_baseline="black").tolist() == [[-2.0, -2.0, 1.0]]


def test_quantus_no_longer_passes_what_the_studys_perturbation_asks_for(quantus, models):
    def replace_by_zero(arr, indices, indexed_axes, **_):
        raise AssertionError("not reached")

    with pytest.raises(TypeError, match="indexed_axes"):
        regions("region_perturbation_morf", models[1], World(n=1, leads=1, time=320), replace_by_zero)


def test_failing_aggregation_is_logged_and_swallowed(quantus, models, caplog):
    def area(curves):
        curves[0].insert(0, 0)

    world = World(n=1, leads=1, time=320)
    with caplog.at_level(logging.ERROR):
        scores = regions("region_perturbation_morf", models[1], world, Zeroing(), return_aggregate=True, aggregate_func=area)
    assert "aggregation of evaluation scores failed" in caplog.text
    assert len(scores[0]) == 20


def test_area_under_quantuss_curve_needs_a_function_that_numpy_dropped(quantus, models):
    metric = quantus.RegionPerturbation(disable_warnings=True)
    metric.evaluation_scores = [[0.1, 0.2]]
    with pytest.raises(AttributeError, match="trapz"):
        metric.get_auc_score  # noqa: B018


@pytest.mark.parametrize("leads", [1, 12])
def test_faithfulness_correlation_agrees_given_the_same_subsets(quantus, models, monkeypatch, leads):
    world = World(n=1, leads=leads, time=320)
    shared = falls_of_subsets(world.x, world.target, evaluator(models[leads]), seed=0)
    subsets = iter(random_subsets(world.x, 0, 100, 32 * leads)[0])
    monkeypatch.setattr(np.random, "choice", lambda *_, **__: next(subsets))
    theirs = correlation(models[leads], world, Zeroing())
    np.testing.assert_allclose(faithfulness_correlation(world.attributions, world.x, 0, shared), theirs, atol=1e-5)
    assert next(subsets, None) is None


def test_quantus_draws_new_subsets_for_every_map_where_ours_share_them(quantus, models):
    world, first, second = World(n=1, leads=1, time=320), Zeroing(), Zeroing()
    one, other = (correlation(models[1], world, perturb)[0] for perturb in (first, second))
    assert (np.array(first.indices) != np.array(second.indices)).any()
    assert abs(one - other) > 1e-6
    again = [falls_of_subsets(world.x, world.target, evaluator(models[1]), seed=0)["drops"] for _ in range(2)]
    np.testing.assert_array_equal(*again)


def test_exact_attributions_of_a_linear_model_score_one_signed_and_little_absolute(quantus):
    world = World(n=8, leads=1, time=320)
    weights = torch.randn(3, 320, generator=torch.Generator().manual_seed(0))
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(320, 3, bias=False)).eval()
    model[1].weight = torch.nn.Parameter(weights)
    world.attributions = world.x * weights.numpy()[world.target][:, None]
    np.testing.assert_allclose(correlation(model, world, Zeroing()), 1.0, atol=1e-4)
    world.attributions = np.abs(world.attributions)
    assert np.abs(correlation(model, world, Zeroing())).mean() < 0.4
