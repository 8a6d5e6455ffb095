"""Metrics that compare the maps of several models."""

import numpy as np
import pytest

from ecgbench.errors import InputError
from ecgbench.pipeline import Selection
from ecgbench.pipeline.compute.plan import ExplainedTask, MapsTask, ScoresTask, SharedTask
from ecgbench.protocol import OWN
from tests.pipeline.runs import cell, maps_of, model_at, small_run, stages, store_with_logits

BOTH = ("consistency", "consistency_excess")


@pytest.fixture
def run(tmp_path):
    return small_run(store_with_logits(tmp_path))


def test_maps_are_compared_with_those_of_all_other_seeds(run):
    maps = {seed: run.maps(maps_of(seed=seed)).values.reshape(4, -1) for seed in (1, 2, 3)}
    wanted = [np.mean([np.corrcoef(maps[1][i], maps[seed][i])[0, 1] for seed in (2, 3)]) for i in range(4)]
    np.testing.assert_allclose(run.scores(cell("consistency")).values, wanted, rtol=1e-6)
    sizes = {seed: np.abs(values) for seed, values in maps.items()}
    wanted = [np.mean([np.corrcoef(sizes[1][i], sizes[seed][i])[0, 1] for seed in (2, 3)]) for i in range(4)]
    np.testing.assert_allclose(run.scores(cell("consistency", variant="abs")).values, wanted, rtol=1e-6)


def test_excess_takes_the_shapley_values_that_twin_agreement_stored(run):
    for seed in (1, 2, 3):
        run.scores(cell("twin_agreement", seed=seed))
    before = stages(run.options.store).count("shared")
    excess = run.scores(cell("consistency_excess"))
    assert np.isfinite(excess.values).all()
    assert stages(run.options.store).count("shared") == before
    blind = run.scores(cell("consistency_excess", "amplitude"))
    assert (blind.values < 0).all()


def test_control_that_sees_no_model_agrees_wholly(run):
    np.testing.assert_allclose(run.scores(cell("consistency", "amplitude")).values, 1.0)


def test_tasks_need_the_maps_of_the_panel(run):
    windows = ExplainedTask(tuple(model_at(seed) for seed in (1, 2, 3)))
    needs = {metric: set(ScoresTask(maps_of(), (metric,), windows, 0).needs) for metric in ("auc", *BOTH)}
    maps = {seed: MapsTask(maps_of(seed=seed), windows, 0) for seed in (1, 2, 3)}
    assert needs["auc"] == {maps[1]}
    assert needs["consistency"] == {*maps.values()}
    assert needs["consistency_excess"] == {*maps.values(), *(SharedTask(model_at(seed), BOTH[1], windows, 0) for seed in (1, 2, 3))}


def test_own_windows_have_no_cells_and_a_named_metric_says_why(tmp_path):
    every = (("synthetic",), ("saliency",), ("*",))
    assert not {cell.metric for cell in Selection(*every, explained=OWN).cells()}.intersection(BOTH)
    assert {cell.metric for cell in Selection(*every).cells()}.issuperset(BOTH)
    with pytest.raises(InputError, match="expected common windows for consistency, which compares several models' maps, got own"):
        Selection(("synthetic",), ("saliency",), ("consistency",), explained=OWN).cells()
    run = small_run(store_with_logits(tmp_path), explained=OWN)
    with pytest.raises(InputError, match="expected windows that several models of synthetic explain"):
        run.scores(cell("consistency"))
