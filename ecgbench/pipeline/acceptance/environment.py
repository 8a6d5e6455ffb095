"""Where numbers come from: packages, processor, date, and what a map without information would score."""

from __future__ import annotations

import datetime
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from ecgbench.controls import CONTROLS
from ecgbench.datasets import DATASETS
from ecgbench.metrics import METRICS
from ecgbench.pipeline.compute.run import Run
from ecgbench.pipeline.grid.cells import metric_name

PACKAGES = ("ecgbench-attribution", "torch", "numpy", "scipy", "scikit-learn", "captum", "wfdb")
"""Packages whose versions are kept with accepted results."""


def provenance(run: Run, dataset: str, seed: int, method: str) -> dict[str, Any]:
    """Where and with what the numbers were computed, chance levels on a seed's explained windows, and what is special about the method."""
    entry = run.entry(method)
    return {
        "packages": packages(),
        "python": platform.python_version(),
        "processor": processor(),
        "device": run.options.device,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "chance": chance_levels(run, dataset, seed),
        **({} if entry is None or entry.ranked else {"ranked": False}),
        **source(run, method),
    }


def source(run: Run, method: str) -> dict[str, Any]:
    """Where maps that no method made come from: of a control what it does, and whether it knows the answer; nothing for a method."""
    if method in CONTROLS:
        return {"control": CONTROLS[method].title, **({"bound": True} if CONTROLS[method].bound else {})}
    return dict(run.given[method].source) if method in run.given else {}


def chance_levels(run: Run, dataset: str, seed: int) -> dict[str, float]:
    """Mean score that a map without information would get, by the name of the metric's cells."""
    explained = run.explained(dataset, seed)
    levels: dict[str, float] = {}
    for kind in DATASETS[dataset].protocol.mask_kinds:
        mask = explained.windows.masks(explained.target, kind)
        levels |= {metric_name(m.key, kind): float(np.nanmean(m.chance(mask))) for m in METRICS if m.chance is not None}
    return levels


@cache
def packages() -> dict[str, str]:
    """Installed versions of the packages that numbers depend on."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def processor() -> str:
    """The processor's name, as the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
