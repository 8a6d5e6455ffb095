"""Writes that are killed, each in a copy of one small process: a copy of the tests' own, which is large, takes many times as long.

Run as `python -m tests.results.killed_writes`; it reads a write as a line of JSON and answers whether it was killed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from ecgbench.results import score_digest, write_file
from tests.results.cases import CELLS, RESULTS

ROOT = Path(__file__).parents[2]

STEPS = ("fsync", "replace", "unlink")
"""Calls of the system that end a step: content is on disk, a file is under its name, a file is gone."""


def version(number):
    """Results of one cell and its scores, of which no two versions share a number."""
    values = np.array([number, number + 0.5], dtype=np.float32)
    ends = {"low": None, "high": None}  # Both windows are of one patient.
    cell = replace(CELLS[0], value=number + 0.25, n=2, undefined=0, digest=score_digest(values), **ends)
    windows = {"samples/patient/1": np.array(["100"] * 2), "samples/target/1": np.array([1, 1])}
    return replace(RESULTS, cells=(cell,)), {"raw/auc/1": values, **windows}


class KilledWrites:
    """Asks a process of its own for writes."""

    def __init__(self):
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", __name__]
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, step, number, root):
        """Write a version in a process that is killed before one of its steps; whether it was."""
        self._process.stdin.write(json.dumps([step, number, str(root)]) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def end(self):
        self._process.communicate()


def main():
    for line in sys.stdin:
        step, number, root = json.loads(line)
        print(json.dumps(_killed_before(step, number, Path(root))), flush=True)  # noqa: T201


def _killed_before(step, number, root):
    child = os.fork()
    if child == 0:
        left = iter(range(step, -1, -1))

        def counted(function, *arguments, **named):
            if next(left) == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **named)

        try:
            for name in STEPS:
                setattr(os, name, partial(counted, getattr(os, name)))
            write_file(*version(number), root)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL)
    return status == signal.SIGKILL


if __name__ == "__main__":
    main()
