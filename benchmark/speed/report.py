"""Time and memory of a report on a user's own 12-lead network, method by method.

Run as `python benchmark/speed/report.py --windows 64 --samples 5000`; the network is a small one of convolutions with 12 leads, and the
store a new folder, so that everything is computed. Memory is the highest of the process, which grows as methods go on. `--windows 8 --whole
64` runs 4 and 8 windows, and says what 64 would take.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from _race import machine, markdown

import ecgbench

LEADS, FS = 12, 500
MEGABYTE = 1 << 10
"""Kilobytes, which the system counts in."""


def network() -> torch.nn.Module:
    """A network of three strided convolutions with two outputs, its weights drawn from a fixed seed."""
    torch.manual_seed(0)
    parts: list[torch.nn.Module] = []
    for before, after in ((LEADS, 16), (16, 32), (32, 32)):
        parts += [torch.nn.Conv1d(before, after, 9, stride=4, padding=4), torch.nn.ReLU()]
    return torch.nn.Sequential(*parts, torch.nn.AdaptiveAvgPool1d(1), torch.nn.Flatten(), torch.nn.Linear(32, 2)).eval()


@dataclass(frozen=True)
class Taken:
    """What a report took.

    Attributes
    ----------
    report : with the seconds of each method
    seconds : all together
    megabytes : the highest memory of the process until then
    """

    report: Any
    seconds: float
    megabytes: float


def taken(windows: int, samples: int, methods: list[str] | None, metrics: list[str] | None) -> Taken:
    """A report in a new store."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((windows, LEADS, samples)).astype(np.float32)
    masks = np.zeros(x.shape, dtype=bool)
    masks[..., samples // 3 : samples // 2] = True
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        report = ecgbench.evaluate(network(), x, masks=masks, fs=FS, methods=methods, metrics=metrics, store=folder)
    return Taken(report, time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE)


def beyond(half: float, all_of_them: float, windows: int, whole: int) -> float:
    """What more windows take: what the second half of those that were run took, again and again."""
    return all_of_them + (all_of_them - half) / (windows - windows // 2) * (whole - windows)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--windows", type=int, default=64)
    parser.add_argument("--samples", type=int, default=5000)
    parser.add_argument("--whole", type=int, help="also say what so many windows would take, after a run of half of --windows")
    parser.add_argument("--method", action="append", help="default: all that apply")
    parser.add_argument("--metric", action="append", help="default: all whose needs are met")
    given = parser.parse_args()
    if given.whole:
        taken(2, given.samples // 10, given.method, given.metric)  # libraries are loaded here
    half = taken(given.windows // 2, given.samples, given.method, given.metric) if given.whole else None
    all_of_them = taken(given.windows, given.samples, given.method, given.metric)
    by_method = all_of_them.report.table()["seconds a window"].dropna().items()
    print(markdown(("method", "seconds a window"), [[name, f"{value:.4f}"] for name, value in by_method if not name.endswith("_abs")]))
    size = f"{LEADS} x {given.samples}"
    print(f"{given.windows} windows of {size}: {all_of_them.seconds:.0f} s, highest memory {all_of_them.megabytes:.0f} MB; {machine()}")
    if half:
        seconds = beyond(half.seconds, all_of_them.seconds, given.windows, given.whole)
        megabytes = beyond(half.megabytes, all_of_them.megabytes, given.windows, given.whole)
        print(f"{given.whole} windows of {size}, extrapolated: {seconds:.0f} s, highest memory {megabytes:.0f} MB")
    print("\n".join(f"refused: {name}: {reason}" for name, reason in all_of_them.report.refused.items()))


if __name__ == "__main__":
    main()
