"""Runs on clusters of this machine, and what they are compared with."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from ecgbench.pipeline.cluster.addresses import open_cluster
from ecgbench.pipeline.cluster.engine import fill
from tests.pipeline.runs import cell, digests, small_run, store_with_windows

ROOT = Path(__file__).parents[3]
SOURCES = ("saliency", "random_baseline")
METRICS = ("auc", "region_perturbation_morf", "faithfulness_correlation")
SAMPLES = 3
PATIENCE = 300
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


def wait_until(happened, what):
    """What `happened` returns as soon as it is true."""
    until = time.monotonic() + PATIENCE
    while not (found := happened()):
        assert time.monotonic() < until, f"expected {what} within {PATIENCE} s"
        time.sleep(0.05)
    return found


@contextlib.contextmanager
def processes(*commands):
    """Processes of Dask, which end with the context."""
    said = {"cwd": ROOT, "start_new_session": True}
    started = [subprocess.Popen([sys.executable, *command], env=os.environ | more, **said) for command, more in commands]
    try:
        yield started
    finally:
        for process in started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextlib.contextmanager
def separate_cluster(folder, workers=2, preload=()):
    """The client of a scheduler on loopback, with workers each of which has a store of its own that holds no more than windows."""
    folder.mkdir()
    file = folder / "scheduler.json"
    usual = ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(file)]
    scheduler = (["-m", "distributed.cli.dask_scheduler", "--port", "0", *usual], {})
    worker = ["-m", "distributed.cli.dask_worker", "--nthreads", "1", "--no-nanny", *usual, *preload]
    stores = [store_with_windows(folder / f"worker{number}") for number in range(workers)]
    with processes(scheduler, *((worker, {"ECGBENCH_CACHE": str(store.root)}) for store in stores)):
        wait_until(file.exists, "the scheduler's file")
        with open_cluster(str(file), folder) as client:
            client.wait_for_workers(workers, timeout=PATIENCE)
            yield client


def arrays_digests(store):
    """What tells the values of a store's artifacts from others, without what is said of them, such as the seconds of epochs."""
    return {place: {name: array.tobytes() for name, array in store.get(*place).arrays.items()} for place in store}
