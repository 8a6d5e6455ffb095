"""A few made segments in the form of Icentia11k, and how tests load them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import load_dataset
from ecgbench.protocol import ICENTIA11K
from ecgbench.types import Dataset
from tests.datasets.records.wfdb_files import write

FOLDER = Path(ICENTIA11K.slug, ICENTIA11K.version)
FS, WINDOW = 250, 2049
TRAIN, TEST = ICENTIA11K.train[:2], ICENTIA11K.test[:2]
SEGMENTS = (*TRAIN, *TEST)

Beats = list[tuple[int, str]]

BEATS: Beats = [(0, "+"), (10, "N"), (WINDOW + 5, "S"), (2 * WINDOW + 9, "V"), (3 * WINDOW + 1, "Q")]
"""A window each of normal, PAC, PVC and unclassifiable, and a fifth without a beat."""


def path_of(name: str) -> Path:
    """p00151_s00 lies in p00/p00151."""
    return Path(name[:3], name[:6], name)


def signal_of(name: str, windows: int = 5) -> np.ndarray:
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    return np.random.default_rng(seed).integers(-2000, 2000, (windows * WINDOW + 3, 1)) / 1000


def write_segment(folder: Path, name: str, signal: np.ndarray | None = None, beats: Beats = BEATS, fs: float = FS) -> None:
    path = folder / path_of(name)
    write(path.parent, path.name, signal_of(name) if signal is None else signal, beats, fs)


def write_sums(folder: Path, names: Collection[str]) -> None:
    """List the files of the named segments, and one that nobody needs."""
    paths = [f"{path_of(name)}{suffix}" for name in names for suffix in (".hea", ".dat", ".atr")]
    sums = {path: hashlib.sha256(path.encode()).hexdigest() for path in (*paths, "p00/p00000/p00000_s00.hea")}
    (folder / "SHA256SUMS.txt").write_text("".join(f"{digest} {path}\n" for path, digest in sums.items()))


def write_database(root: Path, segments: Mapping[str, Beats] | None = None) -> Path:
    """Write segments and a list of nothing else; returns the database's folder."""
    segments = dict.fromkeys(SEGMENTS, BEATS) if segments is None else segments
    for name, beats in segments.items():
        write_segment(root / FOLDER, name, beats=beats)
    write_sums(root / FOLDER, segments)
    return root / FOLDER


def load(root: Path, store: ArtifactStore) -> Dataset:
    return load_dataset("icentia11k", root, store=store)
