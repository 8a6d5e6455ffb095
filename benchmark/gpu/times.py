"""How long methods and steps take on a device, by the rows that pass at once."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from benchmark.gpu.checks import steps_of
from benchmark.gpu.subjects import NETWORKS, Subjects
from ecgbench.methods import METHODS
from ecgbench.models import compact, evaluator, forward

BATCHES = (32, 256, 1024)
"""Rows at once that are timed on a card."""

ROOT = Path(__file__).parents[2]


class Timed(NamedTuple):
    """Milliseconds a window of something, on a device, with so many rows at once (0: as is usual there)."""

    network: str
    what: str
    device: str
    rows: int
    milliseconds: float

    def __str__(self) -> str:
        rows = f"{self.rows} rows at once" if self.rows else "usual rows at once"
        return f"     {self.network}, {self.what}, {self.device}, {rows}: {self.milliseconds:.2f} ms a window"


def clock(call: Callable[[], object], device: str) -> float:
    """Seconds of a call that has been made once before."""
    wait = torch.cuda.synchronize if device.startswith("cuda") else lambda: None
    call()
    wait()
    began = time.perf_counter()
    call()
    wait()
    return time.perf_counter() - began


def methods(subjects: Subjects, device: str) -> Iterator[Timed]:
    """Every method, on a network that the package ships and on one of which every channel is alive."""
    batches = (0, *BATCHES) if device.startswith("cuda") else (0,)
    for subject in (subjects.trained(NETWORKS[0]), *([] if subjects.quick else [subjects.alive])):
        there = subject.on(device)
        for entry in METHODS:
            for rows in batches:
                seconds = clock(partial(there.maps, entry.key, rows or None), device)
                yield Timed(subject.name, entry.key, device, rows, 1e3 * seconds / len(subject.x))


def steps(subjects: Subjects, device: str) -> Iterator[Timed]:
    """The steps of region perturbation of one map, by incremental evaluation."""
    for subject in (subjects.trained(NETWORKS[0]), *([] if subjects.quick else [subjects.alive])):
        there, asked = subject.on(device), steps_of(subject, subjects.quick)
        seconds = clock(partial(evaluator(compact(there.model)).stepwise, there.x, asked), device)
        yield Timed(subject.name, f"{asked.onset.shape[1]} steps of a map", device, 0, 1e3 * seconds / len(subject.x))


def passes(subjects: Subjects, device: str) -> Iterator[Timed]:
    """Forward passes of the network of which every channel is alive, which a model of cost is made of."""
    there = subjects.alive.on(device)
    x = np.repeat(there.x, 8 if subjects.quick else 64, axis=0)
    for rows in (32,) if not device.startswith("cuda") else BATCHES:
        seconds = clock(partial(forward, there.model, x, rows), device)
        yield Timed(there.name, "a forward pass", device, rows, 1e3 * seconds / len(x))


def grid(device: str, workers: int) -> tuple[int, float, str]:
    """The benchmark of `synthetic`, seed 1, on the device against the accepted results: exit status, seconds, the last lines.

    Cross-checks with other libraries are of the processor, and left out.
    """
    asked = ["--dataset", "synthetic", "--seeds", "1", "--device", device, "-n", str(workers), "-q", "--tb=line", "-k", "not oracle"]
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "pytest", "benchmark", *asked], cwd=ROOT, capture_output=True, text=True)
    return done.returncode, time.perf_counter() - began, "\n".join(done.stdout.splitlines()[-12:])
