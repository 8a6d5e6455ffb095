"""A run's plan as jobs: what goes to one worker."""

import pickle

from ecgbench.pipeline import Plan
from ecgbench.pipeline.cluster.jobs import batch_jobs, choice_job, first_jobs
from tests.pipeline.runs import cell, maps_of, model_at

PANEL = (model_at(1), model_at(2))
METRICS = ("auc", "faithfulness_correlation")


def plan():
    return Plan([cell(metric, source) for source in ("saliency", "slope") for metric in METRICS], lambda _: PANEL)


def test_jobs_are_the_plans_tasks_each_once():
    first, batches = first_jobs(plan())[model_at()], batch_jobs(plan(), model_at(), 3)
    assert [job.of for job in first] == list(PANEL)
    assert [task for job in (*first, choice_job(plan(), model_at())) for task in job.tasks] == plan().first(model_at())
    assert {task for job in batches for task in job.tasks} == set(plan().tasks(model_at(), 3))
    assert [job.number for job in batches] == [0, 1, 2]
    assert len({job.name for job in (*first, *batches)}) == 5
    assert pickle.loads(pickle.dumps(batches)) == batches


def test_a_batch_splits_by_source_with_what_each_needs():
    (job,) = batch_jobs(plan(), model_at(), 1)
    parts = job.split()
    assert [part.sources for part in parts] == [[maps_of("saliency")], [maps_of("slope")]]
    assert {task for part in parts for task in part.tasks} == set(job.tasks)
    assert all(set(task.needs) <= set(part.tasks) for part in parts for task in part.tasks if hasattr(task, "metrics"))


def test_a_source_that_was_given_up_is_left_out():
    (job,) = batch_jobs(plan(), model_at(), 1)
    assert job.without({maps_of("slope")}).tasks == job.split()[0].tasks
    assert job.without({maps_of("lrp")}) is job
    assert job.without(set(job.sources)).tasks == ()
