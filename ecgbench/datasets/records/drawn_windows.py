"""Windows drawn from more records than memory holds: every record is labelled first, then only what was drawn is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Int64

from ecgbench.artifacts import Arrays, artifact_key
from ecgbench.datasets._registry import Request
from ecgbench.datasets.records.checksums import SUMS
from ecgbench.datasets.records.stored_windows import pack, unpack
from ecgbench.datasets.records.wfdb_reader import SUFFIXES, concatenate, cut, read_record, source_digest
from ecgbench.errors import DataError, MissingDataError
from ecgbench.protocol import ICENTIA11K_RULE, ICENTIA11K_SEED, ICENTIA11K_WINDOWS, UNCLASSIFIABLE, DatasetProtocol
from ecgbench.types import Windows

VERSION = 1
"""Bumped when the draw changes on purpose."""


@dataclass(frozen=True)
class Drawn:
    """The drawn windows of one side of a split, and what they were drawn from.

    Attributes
    ----------
    available : windows of each class before the draw
    left_out, unusable : windows left out before, as unclassifiable and for their signal
    without_beat : drawn windows that hold no beat
    """

    windows: Windows
    available: Sequence[int]
    left_out: int
    unusable: int
    without_beat: int
    key: str


def load_drawn(request: Request, paths: Mapping[str, str], progress: str) -> Drawn:
    """Draw windows of each class in equal shares as far as they go, from the store if the same files were drawn from before.

    Parameters
    ----------
    paths : of each record, below the database's folder, without suffix
    progress : shown in the progress bar

    Raises
    ------
    MissingDataError, DataError
        If there is no record, one is absent or unreadable, or none has a window that can be used.
    """
    if not paths:
        raise MissingDataError(
            f"expected stated segments for {progress} in {request.folder / SUMS}, got none; remove that file and download it again."
        )
    files = [request.folder / (path + suffix) for path in paths.values() for suffix in SUFFIXES]
    draw = {"seed": ICENTIA11K_SEED, "count": ICENTIA11K_WINDOWS, "rule": repr(ICENTIA11K_RULE), "window": request.numbers.window}
    key = artifact_key("windows", drawn=VERSION, source=source_digest(files, request.store), records=list(paths), **draw)

    def build() -> tuple[Arrays, dict[str, object]]:
        return _build(request.folder, paths, request.numbers, progress)

    artifact = request.store.compute("windows", key, build)
    counts = {name: artifact.info[name] for name in ("available", "left_out", "unusable", "without_beat")}
    return Drawn(unpack(artifact), key=key, **counts)


def _build(folder: Path, paths: Mapping[str, str], numbers: DatasetProtocol, progress: str) -> tuple[Arrays, dict[str, object]]:
    from tqdm import tqdm

    bar = partial(tqdm, unit="segment", leave=False)
    seen = [_seen(_cut(folder, name, paths[name], numbers)) for name in bar(paths, desc=f"{progress}: labels")]
    record = np.repeat(list(paths), [len(label) for label, _ in seen])
    number = np.concatenate([np.arange(len(label)) for label, _ in seen])
    label, usable = (np.concatenate(parts) for parts in zip(*seen, strict=True))
    candidates = np.flatnonzero(usable & (label != UNCLASSIFIABLE))
    if not candidates.size:
        raise DataError(f"expected windows with beats in {folder}, got none that can be used in {len(paths)} segments; download it again.")
    chosen = candidates[draw(record[candidates], number[candidates], label[candidates], ICENTIA11K_WINDOWS, ICENTIA11K_SEED)]
    wanted = {name: number[chosen[record[chosen] == name]] for name in dict.fromkeys(record[chosen].tolist())}
    parts = [_cut(folder, name, paths[name], numbers).take(wanted[name]) for name in bar(wanted, desc=f"{progress}: signals")]
    windows = concatenate(parts)
    arrays, info = pack(windows)
    return arrays, {
        **info,
        "available": np.bincount(label[candidates], minlength=len(numbers.classes)).tolist(),
        "left_out": int((usable & (label == UNCLASSIFIABLE)).sum()),
        "unusable": int((~usable).sum()),
        "without_beat": sum(len(spans) == 0 for spans in windows.spans),
    }


def _seen(windows: Windows) -> tuple[Int64[np.ndarray, " n"], Bool[np.ndarray, " n"]]:
    """Labels of a record's windows, and which of them have a signal: valid samples that vary."""
    signal = windows.signal
    return windows.y, np.isfinite(signal).all(axis=(1, 2)) & (np.ptp(signal, axis=(1, 2)) > 0)


def _cut(folder: Path, name: str, path: str, numbers: DatasetProtocol) -> Windows:
    assert numbers.lead is not None
    record = read_record((folder / path).parent, name, numbers.lead, numbers.fs, whole=False)
    return cut(record, numbers.window, ICENTIA11K_RULE, name.partition("_")[0])


def draw(
    record: np.ndarray, number: Int64[np.ndarray, " n"], label: Int64[np.ndarray, " n"], count: int, seed: int
) -> Int64[np.ndarray, " m"]:
    """Indices, ascending, of up to `count` windows, classes in equal shares as far as they go.

    A window's place in the draw hangs on the seed, its record and its number alone, so that it does not move when others come or go.
    """
    place = [hashlib.sha256(f"{seed}/{name}/{i}".encode()).digest() for name, i in zip(record, number, strict=True)]
    order = np.array(sorted(range(len(label)), key=place.__getitem__), dtype=np.int64)
    turn = np.empty(len(label), dtype=np.int64)
    for class_ in np.unique(label):
        of_class = order[label[order] == class_]
        turn[of_class] = np.arange(len(of_class))
    first = sorted(order.tolist(), key=lambda i: (turn[i], label[i]))[:count]
    return np.array(sorted(first), dtype=np.int64)
