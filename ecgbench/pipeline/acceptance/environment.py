"""Where numbers come from: packages, processor, date."""

from __future__ import annotations

import datetime
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import cast

from ecgbench.nn import device_named
from ecgbench.pipeline.compute.run import Run
from ecgbench.placement import device_said
from ecgbench.results import SUBMITTED_MODELS, Provenance

PACKAGES = ("ecgbench-attribution", "torch", "numpy", "scipy", "scikit-learn", "captum", "wfdb")
"""Packages whose versions are kept with accepted results."""


def provenance(run: Run, source: str) -> Provenance:
    """Where and with what the numbers were computed, and what is special about the source."""
    said = {
        "packages": packages(),
        "python": platform.python_version(),
        "processor": processor(),
        "device": device_said(device_named(run.options.device)),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        **run.source(source).provenance(),
        **({} if run.given is None else {SUBMITTED_MODELS: dict(run.given.about)}),
    }
    return cast(Provenance, said)


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
