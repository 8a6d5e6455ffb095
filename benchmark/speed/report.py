"""Time and memory of a report on a user's own 12-lead network, method by method.

Run as `python benchmark/speed/report.py --windows 64 --samples 5000`; the network is a small one of convolutions with 12 leads, and the
store a new folder, so that everything is computed. Memory is the highest of the process, which grows as methods go on.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--windows", type=int, default=64)
    parser.add_argument("--samples", type=int, default=5000)
    parser.add_argument("--method", action="append", help="default: all that apply")
    parser.add_argument("--metric", action="append", help="default: all whose needs are met")
    given = parser.parse_args()
    rng = np.random.default_rng(0)
    x = rng.standard_normal((given.windows, LEADS, given.samples)).astype(np.float32)
    masks = np.zeros(x.shape, dtype=bool)
    masks[..., given.samples // 3 : given.samples // 2] = True
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        report = ecgbench.evaluate(network(), x, masks=masks, fs=FS, methods=given.method, metrics=given.metric, store=folder)
    seconds = time.perf_counter() - began
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE
    rows = [[name, f"{value:.4f}"] for name, value in report.table()["seconds a window"].dropna().items() if not name.endswith("_abs")]
    print(markdown(("method", "seconds a window"), rows))
    print(f"{given.windows} windows of {LEADS} x {given.samples}: {seconds:.0f} s, highest memory {highest:.0f} MB; {machine()}")
    print("\n".join(f"refused: {name}: {reason}" for name, reason in report.refused.items()))


if __name__ == "__main__":
    main()
