"""Race a cluster of two workers on this machine against one process with two threads and one with one thread.

Run as `python benchmark/speed/cluster.py`, on a machine with two quiet cores. The three take turns, each on an empty store but for the
windows; what starting a process and its imports take is counted. Wanted: 0.95 of the speed of the process with two threads, 1.6 of that
with one, and system time under a tenth of user time.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from _race import say

from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import load_dataset

SIDES = {"cluster": (1, ("--cluster", "local:2")), "two threads": (2, ()), "one thread": (1, ())}
"""Threads of the process, and what its command says beside the cells."""


@dataclass(frozen=True)
class Taken:
    """Seconds that a run took on the clock, and of the processors for itself and for the system."""

    seconds: float
    user: float
    system: float


def taken(windows: Path, threads: int, command: Sequence[str]) -> Taken:
    """What a run takes on a store that holds no more than windows."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(windows, Path(folder) / "store")
        counts = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads))
        environment = {**os.environ, **counts, "ECGBENCH_CACHE": str(Path(folder) / "store")}
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        whole = [sys.executable, "-m", "ecgbench", "run", *command, "--allow-new", "--scores", str(Path(folder) / "scores")]
        subprocess.run(whole, env=environment, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return Taken(time.perf_counter() - began, after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime)


def main(given: Sequence[str] | None = None) -> None:
    """Race, and print each turn and the ratios of the medians."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--turns", type=int, default=3, metavar="N", help="of each side (default: %(default)s)")
    parser.add_argument("cells", nargs="*", help="what `ecgbench run` is told, behind -- (default: the synthetic grid)")
    options = parser.parse_args(given)
    cells = options.cells or ["--dataset", "synthetic"]
    found: dict[str, list[Taken]] = {side: [] for side in SIDES}
    with tempfile.TemporaryDirectory() as windows:
        load_dataset("synthetic", store=ArtifactStore(Path(windows)))
        for _ in range(options.turns):
            for side, (threads, more) in SIDES.items():
                found[side].append(taken(Path(windows), threads, [*cells, *more]))
                say(f"{side}: {found[side][-1]}")
    seconds = {side: median(one.seconds for one in turns) for side, turns in found.items()}
    for side in ("two threads", "one thread"):
        print(f"speed of the cluster to one process with {side}: {seconds[side] / seconds['cluster']:.2f}")
    print(f"system time of the cluster to its user time: {median(one.system / one.user for one in found['cluster']):.1%}")


if __name__ == "__main__":
    main()
