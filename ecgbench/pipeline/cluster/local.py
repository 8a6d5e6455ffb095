"""A cluster on this machine alone: a scheduler on loopback and workers of one thread each."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""What a worker's libraries read from the environment when they are imported."""

FORKS = sys.platform == "linux"
"""Whether workers are forked of a process that has imported everything; elsewhere the systems' own libraries forbid it."""

PRELOADED = "ecgbench.pipeline.cluster.preloaded"

SETTINGS = {
    # Dask's own would have workers give memory back to the system at every release, which costs seconds of system time.
    "distributed.nanny.pre-spawn-environ": ONE_THREAD,
    # A paused worker would wait for results to be fetched that free its memory, and nearly all of it is the run's.
    "distributed.worker.memory.pause": False,
    # Nobody looks at what Dask would find out a hundred times a second about where a worker's thread is.
    "distributed.worker.profile.enabled": False,
    "distributed.worker.multiprocessing-method": "forkserver" if FORKS else "spawn",
}
"""What Dask is told of a cluster on this machine."""


def warm_up() -> None:
    """Start the process of which workers are forked, unless it runs; it goes on importing while the caller does other things."""
    if not FORKS:
        return
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    try:
        forkserver.set_forkserver_preload([PRELOADED])
        forkserver.ensure_running()
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def local_cluster(workers: int, root: Path, memory_limit: str | float = "auto") -> Iterator[Any]:
    """The client of a cluster on this machine.

    Parameters
    ----------
    workers : processes of one thread each
    root : folder of the store
    memory_limit : bytes of a worker, beyond which it is ended; "auto" for an equal share of the machine's
    """
    import dask
    from distributed import Client, LocalCluster

    warm_up()
    # The process of which workers are forked may be older than the client's environment.
    settled = {"env": {**os.environ, **ONE_THREAD, "ECGBENCH_CACHE": str(root)}, "resources": {"GPU": 1}, "memory_limit": memory_limit}
    with (
        dask.config.set(SETTINGS),
        LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0", **settled
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client
