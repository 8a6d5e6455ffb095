"""Race a cluster of two workers on this machine against one process with two threads and one with one thread.

Run as `python benchmark/speed/cluster.py`, on a machine with two quiet cores. The three take turns, each on an empty store but for the
windows; what starting a process and its imports take is counted. Wanted: 0.95 of the speed of the process with two threads, 1.6 of that
with one, and system time under a tenth of user time. Beside it stands where each side's time goes: until something is computed, after that,
and processors that idle.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from _race import say

from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import load_dataset

SIDES = {"cluster": (1, ("--cluster", "local:2")), "two threads": (2, ()), "one thread": (1, ())}
"""Threads of the process, and what its command says beside the cells."""


SET_CHILD_SUBREAPER = 36
"""The number of Linux's request, from its header `prctl.h`."""

STARTED = ("store shared", "cells, at most about")
"""What a run says when its workers are there, or when it begins to compute itself."""


@dataclass(frozen=True)
class Taken:
    """Seconds that a run took on the clock, and of the processors for itself and for the system.

    Attributes
    ----------
    started : seconds on the clock until something was computed
    computed : until everything was, and results were judged
    """

    seconds: float
    started: float
    computed: float
    user: float
    system: float

    @property
    def idle(self) -> float:
        """The share of two processors' time that nothing was done in."""
        return max(0.0, 1 - (self.user + self.system) / (2 * self.seconds))


def taken(windows: Path, threads: int, command: Sequence[str]) -> Taken:
    """What a run takes on a store that holds no more than windows."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(windows, Path(folder) / "store")
        counts = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads))
        environment = {**os.environ, **counts, "ECGBENCH_CACHE": str(Path(folder) / "store"), "PYTHONUNBUFFERED": "1"}
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        whole = [sys.executable, "-m", "ecgbench", "run", *command, "--allow-new", "--scores", str(Path(folder) / "scores")]
        started, computed = _moments(whole, environment)
        seconds = time.perf_counter() - began
        _await_orphans()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return Taken(seconds, started - began, computed - began, after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime)


def _adopt_orphans() -> None:
    """Become the parent of processes that outlive theirs: workers are forked of one that the run does not wait for."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _await_orphans() -> None:
    """Wait for all of them, so that their time counts."""
    with suppress(ChildProcessError):
        while True:
            os.wait()


def _moments(command: Sequence[str], environment: Mapping[str, str]) -> tuple[float, float]:
    """Run a command; returns when it began to compute, and when it first said something of results."""
    started = computed = 0.0
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            if any(words in line for words in STARTED):
                started = time.perf_counter()
            elif started and not computed:
                computed = time.perf_counter()
    if process.returncode:
        raise SystemExit(f"expected {' '.join(command)} to end well, got exit code {process.returncode}; see above.")
    return started, computed


def shares(turns: Sequence[Taken]) -> str:
    """What of a side's time goes where, in words."""
    whole = {name: median(getattr(one, name) for one in turns) for name in ("seconds", "started", "computed", "user", "system", "idle")}
    start, rest = whole["started"], whole["seconds"] - whole["computed"]
    processors = whole["user"] + whole["system"]
    return (
        f"{whole['seconds']:.1f} s, of which {start:.1f} s until something is computed and {rest:.1f} s after the last; "
        f"{processors:.1f} s of the processors, of two of which {whole['idle']:.0%} is idle"
    )


def main(given: Sequence[str] | None = None) -> None:
    """Race, and print each turn and the ratios of the medians."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--turns", type=int, default=3, metavar="N", help="of each side (default: %(default)s)")
    parser.add_argument("cells", nargs="*", help="what `ecgbench run` is told, behind -- (default: the synthetic grid)")
    options = parser.parse_args(given)
    cells = options.cells or ["--dataset", "synthetic"]
    found: dict[str, list[Taken]] = {side: [] for side in SIDES}
    _adopt_orphans()
    with tempfile.TemporaryDirectory() as windows:
        load_dataset("synthetic", store=ArtifactStore(Path(windows)))
        for _ in range(options.turns):
            for side, (threads, more) in SIDES.items():
                found[side].append(taken(Path(windows), threads, [*cells, *more]))
                say(f"{side}: {found[side][-1]}")
    for side, turns in found.items():
        print(f"{side}: {shares(turns)}")
    seconds = {side: median(one.seconds for one in turns) for side, turns in found.items()}
    for side in ("two threads", "one thread"):
        print(f"speed of the cluster to one process with {side}: {seconds[side] / seconds['cluster']:.2f}")
    print(f"system time of the cluster to its user time: {median(one.system / one.user for one in found['cluster']):.1%}")


if __name__ == "__main__":
    main()
