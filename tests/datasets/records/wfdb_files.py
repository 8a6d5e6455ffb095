"""Small simulated WFDB records, and how tests load them."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import Request
from ecgbench.datasets.records.split_by_record import AnnotatedSide, load_side
from ecgbench.protocol import MITDB, DatasetProtocol

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # wfdb 4.3.1 uses what pandas 3.1 deprecates
    import wfdb

FS, WINDOW = 360, 100
NUMBERS = replace(MITDB, window=WINDOW, patients=MappingProxyType({"b": "a"}))


def write(folder: Path, name: str, signal: np.ndarray, annotations: list[tuple[int, str]], fs: float = FS) -> None:
    """Write a record of format 16, whole microvolts, as WFDB's own tools do."""
    folder.mkdir(parents=True, exist_ok=True)
    leads = signal.shape[1]
    sample, symbol = zip(*annotations, strict=True)
    names, units, formats, gains, baselines = (
        [f"L{lead}" for lead in range(leads)],
        ["mV"] * leads,
        ["16"] * leads,
        [1000.0] * leads,
        [0] * leads,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        wfdb.wrsamp(name, fs, units, names, p_signal=signal, fmt=formats, adc_gain=gains, baseline=baselines, write_dir=str(folder))
        wfdb.wrann(name, "atr", np.array(sample), symbol=list(symbol), write_dir=str(folder))


def signal_of(length: int = 350, leads: int = 2, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-2000, 2000, (length, leads)) / 1000


BEATS = [(10, "+"), (40, "N"), (150, "V"), (160, "V"), (230, "/"), (320, "A")]


def write_pair(folder: Path) -> None:
    """Write the whole records `a` and `b`."""
    for seed, name in enumerate("ab"):
        write(folder, name, signal_of(seed=seed), BEATS)


def load(folder: Path, store: ArtifactStore, labels: str = "aami", names: str = "ab", numbers: DatasetProtocol = NUMBERS) -> AnnotatedSide:
    """Load records that lie in `<slug>/<version>/` below a root."""
    numbers = replace(numbers, slug=folder.parent.name, version=folder.name)
    request = Request(folder.parents[1], labels, "standard", "", store, numbers, "the command that fetches")
    return load_side(request, names, numbers.patients, "test")


def windows_in(store: ArtifactStore) -> list[str]:
    return [key for stage, key in store if stage == "windows"]
