"""A run as tasks: they pickle, stand behind what they need, and leave the same bytes wherever, in any order and beside anything else."""

import multiprocessing
import pickle

import numpy as np
import pytest

from ecgbench.artifacts import ArtifactStore
from ecgbench.controls import CONTROLS
from ecgbench.methods import METHODS
from ecgbench.pipeline import Plan, Selection
from ecgbench.pipeline.compute.plan import ExplainedTask, MapsTask, OutputsTask, ScoresTask, SharedTask
from tests.pipeline.runs import cell, digests, maps_of, model_at, small_run, store_with_windows

METRICS = ("auc", "region_perturbation_morf", "region_perturbation_lerf", "faithfulness_correlation")
WANTED = [cell(metric, source, seed=seed) for seed in (1, 2) for source in ("saliency", "random_baseline", "slope") for metric in METRICS]
SAMPLES = 3

SHARING_MORE = ("consistency", "consistency_excess", "infidelity")
"""Metrics with computations of their own, or that need the maps of other seeds."""


def tasks_of(run):
    """Every task of a run's plan, in the plan's order."""
    models = run.plan.models()
    first = dict.fromkeys(task for of in models for task in run.plan.first(of))
    return [*first, *(task for of in models for task in run.plan.tasks(of, len(run.subject(of).parts)))]


def valid_orders(tasks, seed):
    """The tasks shuffled, each behind those that it needs."""
    waiting, done = list(np.random.default_rng(seed).permutation(np.array(tasks, dtype=object))), []
    while waiting:
        ready = next(task for task in waiting if set(task.needs) <= set(done))
        waiting.remove(ready)
        done.append(ready)
    return done


@pytest.fixture(scope="module")
def serial(tmp_path_factory):
    """The serial run and what its store holds."""
    run = small_run(store_with_windows(tmp_path_factory.mktemp("serial")), SAMPLES, WANTED)
    performed = [task for task, _ in run.perform()]
    return run, performed, digests(run.options.store)


def test_tasks_of_a_cell_are_its_model_its_maps_what_is_shared_and_its_scores():
    panel = (model_at(1), model_at(2))
    plan, of = Plan([cell(metric) for metric in METRICS], lambda _: panel), maps_of()
    assert plan.models() == [model_at()]
    outputs, explained = (OutputsTask(model_at(1)), OutputsTask(model_at(2))), ExplainedTask(panel)
    assert plan.first(model_at()) == [*outputs, explained]
    maps, shared = MapsTask(of, explained, 0), SharedTask(model_at(), "faithfulness_correlation", explained, 0)
    assert list(plan.tasks(model_at(), 1)) == [maps, shared, ScoresTask(of, METRICS, explained, 0)]
    assert list(plan.tasks(model_at(2), 1)) == []
    assert [task.needs for task in (outputs[0], explained, maps, shared)] == [(), outputs, (explained,), (explained,)]
    assert ScoresTask(of, METRICS, explained, 0).needs == (maps, shared)
    assert ScoresTask(of, ("auc",), explained, 0).needs == (maps,)


def test_every_task_stands_once_and_behind_what_it_needs(serial):
    _, performed, _ = serial
    assert len(set(performed)) == len(performed) == 3 + 1 + 2 * (3 + 1 + 3)
    assert all(set(task.needs) <= set(performed[:place]) for place, task in enumerate(performed))


def test_tasks_pickle(serial):
    _, performed, _ = serial
    assert pickle.loads(pickle.dumps(performed)) == performed


def test_performed_plan_leaves_nothing_to_compute(serial):
    run, _, held = serial
    again = small_run(run.options.store, SAMPLES, WANTED)
    assert all(again.scores(one).cached for one in WANTED)
    assert digests(run.options.store) == held


def test_any_valid_order_leaves_the_same_bytes(serial, tmp_path):
    run = small_run(store_with_windows(tmp_path), SAMPLES, WANTED)
    for task in valid_orders(tasks_of(run), seed=1):
        task.perform(run)
    assert digests(run.options.store) == serial[2]


def perform(root, tasks):
    """What a worker does: a run of its own, the tasks that it was sent."""
    run = small_run(ArtifactStore(root), SAMPLES)
    for task in pickle.loads(tasks):
        task.perform(run)


@pytest.mark.slow
def test_two_processes_leave_the_same_bytes(serial, tmp_path):
    _, performed, held = serial
    store = store_with_windows(tmp_path)
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=perform, args=(store.root, pickle.dumps(order))) for order in (performed, performed[::-1])]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert digests(store) == held


def test_scores_do_not_depend_on_what_else_is_selected(serial, tmp_path):
    whole, _, _ = serial
    store = store_with_windows(tmp_path)
    for one in reversed(WANTED[:6] + WANTED[18:]):  # each source by each metric, of one of the seeds
        alone = small_run(store, SAMPLES, [one])
        for variant in alone.source(one.source).variants:
            other = cell(one.metric, one.source, variant, one.seed)
            np.testing.assert_array_equal(alone.scores(other).values, whole.scores(other).values)


@pytest.mark.slow
def test_a_batch_of_the_whole_grid_leaves_two_files_a_method_one_a_control_and_nine_more(tmp_path):
    store = store_with_windows(tmp_path)
    wanted = [one for one in Selection(("synthetic",), seeds=(1,)).cells() if one.metric not in SHARING_MORE]
    for _ in small_run(store, 1, wanted).perform():
        pass
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.parent.name not in ("windows", "locks")]
    # Logits of three models, maps of blind controls and of the one that sees the model, regions, and what three computations share.
    assert len(files) == 2 * len(METHODS.keys()) + len(CONTROLS.keys()) + 9
