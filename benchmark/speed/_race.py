"""What races share: calls that take turns in one process, the machine they run on, the golden files, and the table of what came out."""

from __future__ import annotations

import gc
import io
import os
import statistics
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from tabulate import tabulate

from ecgbench.pipeline.acceptance.environment import processor

Turn = tuple[str, Callable[[], object]]
"""A name and what is timed under it."""


def alternate(turns: Sequence[Turn], rounds: int) -> dict[str, float]:
    """Median seconds by name of calls that take turns, so that a slower hour slows all; a name can have several turns a round."""
    seconds = defaultdict(list)
    for _ in range(rounds):
        for name, call in turns:
            # Nobody pays for what another left behind.
            gc.collect()
            start = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def machine(*packages: str) -> str:
    """The processor, torch's threads and the versions of torch and of the packages."""
    versions = ", ".join(f"{package} {version(package)}" for package in ("torch", *packages))
    return f"{processor()}, {torch.get_num_threads()} of {os.cpu_count()} threads, {versions}"


def golden(name: str) -> Path:
    """A golden file, by its name in `reference/` of the folder that ECGBENCH_SHARED names; by default `shared` beside the repository.

    Raises
    ------
    SystemExit
        If there is no such file.
    """
    folder = Path(os.environ.get("ECGBENCH_SHARED") or Path(__file__).parents[3] / "shared").resolve()
    path = folder / "reference" / name
    if not path.is_file():
        raise SystemExit(
            f"expected the golden file {path}, got nothing there; set ECGBENCH_SHARED to the folder that holds reference/{name}."
        )
    return path


def golden_windows(count: int) -> tuple[np.ndarray, np.ndarray]:
    """The golden windows (count, 1, time) and their classes (count,), over and over with a little noise, so that no two are equal."""
    with np.load(golden("mitdb_attributions.npz")) as arrays:
        x, y = arrays["x"][:, None].astype(np.float32), arrays["y"]
    chosen = np.arange(count) % len(x)
    noise = np.random.default_rng(0).standard_normal((count, *x.shape[1:]), dtype=np.float32) * np.float32(0.01)
    noise[: len(x)] = 0
    return x[chosen] + noise, y[chosen]


@contextmanager
def silence() -> Iterator[None]:
    """Nothing of what the libraries warn of and print for every window."""
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def say(text: str) -> None:
    """Report progress at once, apart from the results."""
    print(text, file=sys.stderr, flush=True)


def figure(value: float | None, unit: str = "") -> str:
    """A number in three digits, or a dash for what was not measured."""
    if value is None:
        return "-"
    return f"{value:,.0f}{unit}" if abs(value) >= 100 else f"{value:.3g}{unit}"


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table as GitHub reads it; all but the first column are set to the right."""
    aligned = ["left", *["right"] * (len(header) - 1)]
    return tabulate(rows, header, "github", colalign=aligned, disable_numparse=True)
