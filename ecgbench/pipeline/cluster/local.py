"""A cluster on this machine alone: a scheduler on loopback and workers of one thread each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SETTINGS = {
    # Dask's own would have workers give memory back to the system at every release, which costs seconds of system time.
    "distributed.nanny.pre-spawn-environ": {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    # A paused worker would wait for results to be fetched that free its memory, and nearly all of it is the run's.
    "distributed.worker.memory.pause": False,
}
"""What Dask is told of a cluster on this machine."""


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

    settled = {"env": {"ECGBENCH_CACHE": str(root)}, "resources": {"GPU": 1}, "memory_limit": memory_limit}
    with (
        dask.config.set(SETTINGS),
        LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0", **settled
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client
