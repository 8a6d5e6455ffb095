"""Where numbers come from: packages, processor, date, and what a map without information would score."""

from __future__ import annotations

import datetime
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import cast

import numpy as np

from ecgbench.datasets import DATASETS
from ecgbench.metrics import METRICS
from ecgbench.pipeline.compute.run import Run
from ecgbench.pipeline.grid.address import MapsAddress, ModelAddress, metric_name
from ecgbench.results import Provenance

PACKAGES = ("ecgbench-attribution", "torch", "numpy", "scipy", "scikit-learn", "captum", "wfdb")
"""Packages whose versions are kept with accepted results."""


def provenance(run: Run, of: MapsAddress) -> Provenance:
    """Where and with what the numbers were computed, chance levels on a model's explained windows, and what is special about the source."""
    said = {
        "packages": packages(),
        "python": platform.python_version(),
        "processor": processor(),
        "device": run.options.device,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "chance": chance_levels(run, of.of_model),
        **run.source(of.source).provenance(),
    }
    return cast(Provenance, said)


def chance_levels(run: Run, of: ModelAddress) -> dict[str, float]:
    """Mean score that a map without information would get, by the name of the metric's cells."""
    explained = run.explained(of)
    levels: dict[str, float] = {}
    for kind in DATASETS[of.dataset].protocol.mask_kinds:
        mask = explained.windows.masks(explained.target, kind)
        for metric in METRICS:
            if metric.chance is not None:
                levels[metric_name(metric.key, kind)] = float(np.nanmean(metric.chance(mask)))
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
