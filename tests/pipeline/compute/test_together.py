"""Cells of metrics that perturb share their evaluations: all maps of a batch of windows go through the model together."""

import numpy as np
import pytest

from ecgbench.errors import InputError
from ecgbench.methods import METHODS
from tests.pipeline.runs import Counting, batches_of, cell, count_evaluations, small_run, stages, store_with_windows

METRICS = ("region_perturbation_morf", "region_perturbation_lerf")
WANTED = [cell(metric, method, variant) for method in ("saliency", "gradcam") for metric in METRICS for variant in ("raw", "abs")]
SAMPLES = 3


@pytest.fixture
def store(tmp_path):
    return store_with_windows(tmp_path / "artifacts")


def scored(run, cells=WANTED):
    return {one: run.scores(one) for one in cells}


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Each cell's values from a run that wants no other."""
    run = small_run(store_with_windows(tmp_path_factory.mktemp("alone")), SAMPLES)
    return {one: scores.values for one, scores in scored(run).items()}


@pytest.mark.parametrize("by_method", [False, True])
def test_scores_are_those_of_cells_computed_alone(store, alone, by_method):
    for one, scores in scored(small_run(store, SAMPLES, WANTED, by_method)).items():
        np.testing.assert_allclose(scores.values, alone[one], rtol=0, atol=1e-12)


@pytest.mark.parametrize(("by_method", "rows"), [(False, [8 * SAMPLES]), (True, [4 * SAMPLES, 4 * SAMPLES])])
def test_all_wanted_maps_and_orders_are_rows_of_one_evaluation(store, monkeypatch, by_method, rows):
    counted = count_evaluations(monkeypatch)
    scored(small_run(store, SAMPLES, WANTED, by_method))
    assert counted.stepped == rows


def test_what_is_not_wanted_is_not_computed(store):
    wanted = [cell(METRICS[0]), cell("auc", "gradcam")]
    small_run(store, SAMPLES, wanted).scores(wanted[0])
    assert stages(store).count("scores") == stages(store).count("attributions") == 1


def test_other_seeds_are_evaluated_for_themselves(store, monkeypatch):
    counted, wanted = count_evaluations(monkeypatch), [cell(METRICS[0], seed=seed) for seed in (1, 2)]
    scored(small_run(store, SAMPLES, wanted), wanted)
    assert counted.stepped == [2 * SAMPLES, 2 * SAMPLES]


def test_scores_are_cached_from_the_second_run_on(store):
    first, second = (scored(small_run(store, SAMPLES, WANTED)) for _ in range(2))
    assert not any(first[one].cached for one in WANTED if one.variant == "raw")
    assert all(scores.cached for scores in second.values())
    assert {scores.seconds for scores in first.values()} == {scores.seconds for scores in second.values()}


def test_seconds_of_an_evaluation_are_shared_by_what_it_scored(store):
    seconds = {(one.method, one.metric): scores.seconds for one, scores in scored(small_run(store, SAMPLES, WANTED)).items()}
    assert len(seconds) == 4
    assert len(set(seconds.values())) == 1


def test_killed_run_goes_on_with_the_batches_of_windows_that_are_missing(store, monkeypatch):
    batches_of(1, monkeypatch)
    stepwise = Counting.stepwise

    def killed_at_the_third(self, x, steps):
        if len(self.stepped) == 2:
            raise KeyboardInterrupt
        return stepwise(self, x, steps)

    with monkeypatch.context() as patch:
        count_evaluations(patch)
        patch.setattr(Counting, "stepwise", killed_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            scored(small_run(store, SAMPLES, WANTED))
    assert stages(store).count("scores") == 2 * 4
    again = count_evaluations(monkeypatch)
    scored(small_run(store, SAMPLES, WANTED))
    assert again.stepped == [8]
    assert stages(store).count("scores") == 3 * 4


@pytest.mark.usefixtures("registries_restored")
@pytest.mark.parametrize(("factor", "error"), [("many", TypeError), (float("nan"), InputError)])
def test_broken_maps_of_another_method_spoil_nothing(store, alone, factor, error):
    @METHODS.register(version=1, reference="", passes=0)
    def breaking(model, x, target):
        return x * factor

    wanted = [*WANTED, cell(METRICS[0], "breaking")]
    run = small_run(store, SAMPLES, wanted)
    for one in WANTED:
        np.testing.assert_allclose(run.scores(one).values, alone[one], rtol=0, atol=1e-12)
    with pytest.raises(error):
        run.scores(wanted[-1])
