"""Runs on clusters of this machine, and what they are compared with."""

from pathlib import Path

from ecgbench.pipeline.cluster.addresses import open_cluster
from ecgbench.pipeline.cluster.engine import fill
from tests.pipeline.runs import cell, digests, small_run, store_with_windows

ROOT = Path(__file__).parents[3]
SOURCES = ("saliency", "random_baseline")
METRICS = ("auc", "region_perturbation_morf", "faithfulness_correlation")
SAMPLES = 3
PATIENCE = 120
"""Seconds in which what a test waits for must happen."""


def wanted(seeds=(1,), sources=SOURCES, metrics=METRICS):
    return [cell(metric, source, seed=seed) for seed in seeds for source in sources for metric in metrics]


def run_on(root, cells, samples=SAMPLES, **options):
    """A run on an empty store but for the windows."""
    return small_run(store_with_windows(root), samples, cells, **options)


def serial(root, cells, samples=SAMPLES, **options):
    """What the store of a serial run holds, with the health of the maps, as `ecgbench run` leaves it."""
    run = run_on(root, cells, samples, **options)
    finish(run)
    return digests(run.options.store)


def finish(run):
    """Compute in this process what is missing."""
    for _ in run.perform():
        pass
    for cell_ in run.plan.models():
        for of in run.plan.maps(cell_):
            run.health(of)


def filled(run, cluster="local:1", memory_limit="auto"):
    """Fill a run's store; returns what failed."""
    with open_cluster(cluster, run.options.store.root, memory_limit) as client:
        found = [at.failures for at in fill(run, client)]
    return found[-1]
