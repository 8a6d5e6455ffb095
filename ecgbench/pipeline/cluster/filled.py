"""A run whose store a cluster fills first, as commands do it: with a bar, and what failed told by cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ecgbench.pipeline.cluster.addresses import open_cluster
from ecgbench.pipeline.cluster.engine import fill
from ecgbench.pipeline.cluster.jobs import Failure
from ecgbench.pipeline.cluster.versions import described
from ecgbench.pipeline.grid.address import Address
from ecgbench.printable import counted
from ecgbench.progress import progress

if TYPE_CHECKING:
    from ecgbench.pipeline.compute.run import Run


def fill_by(cluster: str, run: Run, say: Callable[[str], None]) -> list[Failure]:
    """Let a cluster fill a run's store; returns what failed, and what ended workers the run then refuses to compute.

    Parameters
    ----------
    cluster : see `check_cluster`
    say : tells the user a line

    Raises
    ------
    EcgbenchError
        If there is no such cluster, it has no workers, or its scheduler is lost.
    """
    failures: list[Failure] = []
    described()  # what it imports is imported while workers on this machine start
    with open_cluster(cluster, run.options.store.root) as client, progress(what="tasks on workers", unit="task", leave=True) as bar:
        for at in fill(run, client, lambda shared: say(_described(client, run.options.device, shared))):
            failures, bar.total = at.failures, at.known
            bar.update(at.done - bar.n)
    return failures


def failed_cells(failures: Iterable[Failure], cells: Iterable[Address]) -> dict[Address, str]:
    """Those of the cells that could not be computed, with the reason."""
    why = {(failure.of, failure.metric): failure.message for failure in failures}
    found = {cell: why.get((cell.of_maps, None), why.get((cell.of_maps, cell.metric), "")) for cell in cells}
    return {cell: message for cell, message in found.items() if message}


def _described(client: Any, device: str, shared: bool) -> str:
    """The workers, and where they can be watched if the package is here that draws that."""
    from distributed.comm import get_address_host

    threads = client.nthreads()
    hosts = {get_address_host(address) for address in threads}
    each = " or ".join(map(str, sorted(set(threads.values()))))
    watched = f", to be watched at {client.dashboard_link}" if find_spec("bokeh") is not None else ""
    said = f"{counted(len(threads), 'worker')} of {counted(len(hosts), 'host')}, {each} thread{'s' * (each != '1')} each, {device}"
    return f"{said}; store shared: {'yes' if shared else 'no'}; scheduler {client.scheduler.address}{watched}"
