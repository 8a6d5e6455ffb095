"""Ten minutes on a card: is everything right there, is it the same twice, and how fast is it?

    python benchmark/gpu_check.py --device cuda --out gpu.json
    python benchmark/gpu_check.py --device cpu --quick

A line for each check, `ok` or `FAIL`, and one for each time; ends with 1 if a check failed. It needs no records: the networks are those
that the package ships. On a processor it tests itself.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch

from benchmark.gpu import checks, times
from benchmark.gpu.checks import Check
from benchmark.gpu.subjects import Subjects
from benchmark.gpu.times import Timed
from ecgbench.nn import device_named
from ecgbench.placement import device_said

SECTIONS: dict[str, Callable[[Subjects, str], Iterator[Check | Timed]]] = {
    "float64": checks.float64,
    "float32": checks.float32,
    "twice": checks.twice,
    "steps": checks.curves,
    "memory": checks.memory,
    "passes": times.passes,
    "perturbation": times.steps,
    "methods": times.methods,
}
"""In this order, so that what is left out for want of time are times, and no checks."""

GRID = "grid"


def main() -> int:
    given = _given()
    device_named(given.device)
    os.environ.setdefault("ECGBENCH_CACHE", tempfile.mkdtemp())
    print(f"{device_said(device_named(given.device))}, torch {torch.__version__}, numpy {np.__version__}", flush=True)
    until, found = time.monotonic() + given.seconds, list[Check | Timed]()
    subjects = Subjects(given.windows, given.quick)
    for name in [name for name in given.sections if name != GRID]:
        found += _section(name, subjects, given.device, until)
    grid = _grid(given, until) if GRID in given.sections else None
    failed = [check.name for check in found if isinstance(check, Check) and not check.passed] + ([GRID] if grid and grid["status"] else [])
    if given.out is not None:
        given.out.write_text(json.dumps(_record(given.device, found, grid), indent=1) + "\n")
    print(f"\nFAILED: {', '.join(failed)}" if failed else "\nall ok", flush=True)
    return 1 if failed else 0


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda", help="torch device (default cuda)")
    parser.add_argument("--quick", action="store_true", help="few passes, for a processor")
    parser.add_argument("--windows", type=int, default=8, help="of each network (default 8)")
    parser.add_argument("--seconds", type=float, default=600.0, help="after which no further check or time is begun (default 600)")
    parser.add_argument("--workers", type=int, default=4, help="processes of the grid (default 4)")
    usual = [*SECTIONS, GRID]
    parser.add_argument("--sections", nargs="+", choices=usual, default=usual, help="default: all")
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="also write what came out there")
    given = parser.parse_args()
    if given.quick:
        given.windows, given.sections = min(given.windows, 2), [name for name in given.sections if name != GRID]
    return given


def _section(name: str, subjects: Subjects, device: str, until: float) -> list[Check | Timed]:
    """A section's checks and times, as far as there is time."""
    print(f"\n{name}: {(SECTIONS[name].__doc__ or '').splitlines()[0]}", flush=True)
    found, steps = list[Check | Timed](), SECTIONS[name](subjects, device)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # algorithms that are not reproducible are found by `twice`
        while time.monotonic() < until:
            step = _next(steps, name)
            if step is None:
                return found
            print(step, flush=True)
            found.append(step)
    print("     the rest is left out, for want of time", flush=True)
    return found


def _next(steps: Iterator[Check | Timed], section: str) -> Check | Timed | None:
    """What comes next; an error is a check that failed, and the last of its section."""
    try:
        return next(steps, None)
    except Exception as error:
        return Check(f"{section}, {type(error).__name__}: {error}", np.inf, 0.0)


def _grid(given: argparse.Namespace, until: float) -> dict[str, Any] | None:
    """The grid on the device, if there is time for it."""
    if time.monotonic() >= until:
        print("\ngrid: left out, for want of time", flush=True)
        return None
    status, seconds, said = times.grid(given.device, given.workers)
    print(f"\ngrid: {'FAIL' if status else 'ok'} in {seconds:.0f} s by {given.workers} processes\n{said}", flush=True)
    return {"status": status, "seconds": seconds, "workers": given.workers}


def _record(device: str, found: list[Check | Timed], grid: dict[str, Any] | None) -> dict[str, Any]:
    """What came out, as JSON data."""
    peak = torch.cuda.max_memory_allocated() if device.startswith("cuda") else None
    return {
        "device": device_said(device_named(device)),
        "torch": torch.__version__,
        "peak_bytes": peak,
        "checks": [
            {"name": one.name, "value": one.value, "limit": one.limit, "passed": one.passed, "note": one.note}
            for one in found
            if isinstance(one, Check)
        ],
        "times": [one._asdict() for one in found if isinstance(one, Timed)],
        "grid": grid,
    }


if __name__ == "__main__":
    sys.exit(main())
