"""A small published database, and a dataset that needs it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ecgbench.datasets import DATASETS, DatasetEntry, Downloaded, download
from ecgbench.datasets.physionet.session import Patience
from ecgbench.protocol import MITDB, DatasetProtocol
from tests.datasets.physionet.server import FileServer

NUMBERS = replace(MITDB, slug="tinydb", version="1.0", train=("100", "101"), test=("200",))
NAMES = tuple(f"{name}{suffix}" for name in ("100", "101", "200") for suffix in (".hea", ".dat", ".atr"))
PATHS = (*(f"records/{name}" for name in NAMES), "table.csv")
SIZE = 20_000
QUICK = Patience(tries=3, progress=1000, first=0.01, longest=0.1, connect=2, read=2)


def files(numbers: DatasetProtocol, listed: Collection[str]) -> list[str]:
    return [*PATHS]


ENTRY: DatasetEntry = replace(DATASETS["mitdb"], key="tinydb", protocol=NUMBERS, files=files)


def content_of(path: str) -> bytes:
    """A header, one signal of 16 bits and annotations, as far as one can tell by their form, all of the same size."""
    name, _, suffix = path.rpartition("/")[2].rpartition(".")
    seed = int.from_bytes(hashlib.sha256(path.encode()).digest()[:4], "big")
    made = np.random.default_rng(seed).bytes(SIZE)
    if suffix == "hea":
        return f"{name} 1 250 {SIZE // 2}\n{name}.dat 16 200 16 0 0 0 0 ECG\n# {made.hex()}"[: SIZE - 1].encode() + b"\n"
    return _annotations(made) if suffix == "atr" else made


def _annotations(made: bytes) -> bytes:
    """Annotations of kinds 1 to 4 at made-up distances, and their end mark."""
    words = np.frombuffer(made[:-2], dtype="<u2")
    return ((words & 0x3FF) | ((words >> 14) + 1) << 10).astype("<u2").tobytes() + b"\0\0"


def publish(root: Path, paths: Collection[str] = (*PATHS, "not needed.txt")) -> Path:
    """Write the database, with its list, below `root`; returns its folder."""
    folder = root / NUMBERS.slug / NUMBERS.version
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content_of(path))
    list_sums(folder, paths)
    return folder


def list_sums(folder: Path, paths: Collection[str]) -> None:
    lines = [f"{hashlib.sha256((folder / path).read_bytes()).hexdigest()} {path}\n" for path in paths]
    (folder / "SHA256SUMS.txt").write_text("".join(lines))


def fetch(server: FileServer, root: Path, entry: DatasetEntry = ENTRY, **options: Any) -> Downloaded:
    return download(entry, root, mirror=server.url, patience=QUICK, **options)


def held(root: Path) -> dict[str, bytes]:
    """Every file below the database's folder that is not its list, by its path."""
    folder = root / NUMBERS.slug / NUMBERS.version
    found = [path for path in folder.rglob("*") if path.is_file() and path.name != "SHA256SUMS.txt"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


WHOLE = {path: content_of(path) for path in PATHS}
