"""Windows drawn from more records than memory holds.

Two passes: the first reads every record and keeps only the labels of its windows, the second reads again the records that windows were
drawn from and keeps the drawn windows' signals.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Int64

from ecgbench.artifacts import Arrays, artifact_key
from ecgbench.datasets.records.counterfactuals.donors import FindBeats, annotated_beats
from ecgbench.datasets.records.counterfactuals.twins import twins_of
from ecgbench.datasets.records.files.checksums import SUMS
from ecgbench.datasets.records.files.source_files import source_digest
from ecgbench.datasets.records.files.wfdb_reader import Record, read_record, record_files
from ecgbench.datasets.records.request import Request
from ecgbench.datasets.records.windows.continued import continued_in
from ecgbench.datasets.records.windows.cut import concatenate, cut
from ecgbench.datasets.records.windows.stored_windows import from_artifact, to_arrays
from ecgbench.datasets.records.windows.waves import regions_of
from ecgbench.errors import DataError, MissingDataError
from ecgbench.progress import progress
from ecgbench.protocol import ICENTIA11K_RULE, ICENTIA11K_SEED, ICENTIA11K_WINDOWS, UNCLASSIFIABLE, DatasetProtocol
from ecgbench.types import Continued, Names, Regions, Targets, Twins, Windows

VERSION = 1
"""Bumped when the draw changes on purpose."""

Indices = Int64[np.ndarray, " n"]


@dataclass(frozen=True)
class DrawnSide:
    """The drawn windows of one side of a split, and what they were drawn from.

    Attributes
    ----------
    available : number of windows of each class that could be drawn
    left_out, unusable : number of windows that could not be drawn: unclassifiable ones, and ones with invalid samples or a flat signal
    without_beat : number of drawn windows that hold no beat
    key : of the artifact that holds the windows
    """

    windows: Windows
    available: Sequence[int]
    left_out: int
    unusable: int
    without_beat: int
    key: str


@dataclass(frozen=True)
class WindowLabels:
    """What the first pass keeps of the windows of all records.

    Attributes
    ----------
    record : name of each window's record
    number : index of each window in its record
    label : class of each window
    usable : whether its samples are valid and not all the same
    """

    record: Names
    number: Indices
    label: Indices
    usable: Bool[np.ndarray, " n"]


def load_drawn(request: Request, paths: Mapping[str, str], what: str) -> DrawnSide:
    """Draw as many windows of each class as of any other, as long as there are any.

    They come from the store if they were drawn from the same files before.

    Parameters
    ----------
    paths : of each record, below the database's folder, without suffix
    what : stands beside the progress

    Raises
    ------
    MissingDataError, DataError
        If there is no record, one is absent or unreadable, or none has a window that can be used.
    """
    if not paths:
        raise MissingDataError(
            f"expected stated segments for {what} in {request.folder / SUMS}, got none; remove that file and download it again."
        )
    files = [file for path in paths.values() for file in record_files(request.folder / path, request.absent, request.remedy)]
    options = {"seed": ICENTIA11K_SEED, "count": ICENTIA11K_WINDOWS, "rule": repr(ICENTIA11K_RULE), "window": request.numbers.window}
    key = artifact_key("windows", drawn=VERSION, source=source_digest(files, request.store), records=list(paths), **options)

    def build() -> tuple[Arrays, dict[str, object]]:
        return _draw_windows(request, paths, what)

    artifact = request.store.compute("windows", key, build)
    counts = {name: artifact.info[name] for name in ("available", "left_out", "unusable", "without_beat")}
    return DrawnSide(from_artifact(artifact), key=key, **counts)


def _draw_windows(request: Request, paths: Mapping[str, str], what: str) -> tuple[Arrays, dict[str, object]]:
    """The arrays and the info of the windows' artifact."""
    found = _read_labels(request, paths, what)
    candidates = np.flatnonzero(found.usable & (found.label != UNCLASSIFIABLE))
    if not candidates.size:
        raise DataError(
            f"expected windows with beats in {request.folder}, got none that can be used in {len(paths)} segments; download it again."
        )
    order = (found.record[candidates], found.number[candidates], found.label[candidates])
    drawn = candidates[draw(*order, ICENTIA11K_WINDOWS, ICENTIA11K_SEED)]
    windows = _read_signals(request, paths, found.record[drawn], found.number[drawn], what)
    arrays, info = to_arrays(windows)
    return arrays, {
        **info,
        "available": np.bincount(found.label[candidates], minlength=len(request.numbers.classes)).tolist(),
        "left_out": int((found.usable & (found.label == UNCLASSIFIABLE)).sum()),
        "unusable": int((~found.usable).sum()),
        "without_beat": sum(len(spans) == 0 for spans in windows.spans),
    }


def _read_labels(request: Request, paths: Mapping[str, str], what: str) -> WindowLabels:
    """The first pass."""
    record, number, label, usable = [], [], [], []
    for name in _shown(paths, f"{what}: labels"):
        windows = _cut_segment(request.folder, name, paths[name], request.numbers)
        record.append(windows.record)
        number.append(np.arange(len(windows)))
        label.append(windows.y)
        usable.append(_usable(windows))
    return WindowLabels(np.concatenate(record), np.concatenate(number), np.concatenate(label), np.concatenate(usable))


def _read_signals(request: Request, paths: Mapping[str, str], record: Names, number: Indices, what: str) -> Windows:
    """The second pass: the windows of these records and numbers, which come record by record."""
    parts = []
    for name in _shown(dict.fromkeys(record.tolist()), f"{what}: signals"):
        windows = _cut_segment(request.folder, name, paths[name], request.numbers)
        parts.append(windows.take(number[record == name]))
    return concatenate(parts)


def _shown(names: Iterable[str], what: str) -> Iterator[str]:
    yield from progress(list(names), what, "segment")


def _usable(windows: Windows) -> Bool[np.ndarray, " n"]:
    """Which windows have a signal: valid samples that vary."""
    valid = np.isfinite(windows.signal).all(axis=(1, 2))
    varies = np.ptp(windows.signal, axis=(1, 2)) > 0
    usable: Bool[np.ndarray, " n"] = valid & varies
    return usable


def _cut_segment(folder: Path, name: str, path: str, numbers: DatasetProtocol) -> Windows:
    record = _read_segment(folder, name, path, numbers)
    patient = name.partition("_")[0]
    return cut(record, numbers.window, ICENTIA11K_RULE, patient)


def _read_segment(folder: Path, name: str, path: str, numbers: DatasetProtocol) -> Record:
    assert numbers.lead is not None
    return read_record((folder / path).parent, name, numbers.lead, numbers.fs, check_signal=False)


def drawn_twins(request: Request, windows: Windows, target: Targets, path: Callable[[str], str]) -> Twins:
    """Constructed twins of drawn windows.

    Parameters
    ----------
    path : from a segment's name to its place below the database's folder
    """
    return twins_of(windows, target, _reader(request, path), ICENTIA11K_RULE, request.numbers.fs)


def drawn_beats(request: Request, path: Callable[[str], str]) -> FindBeats:
    """What finds the annotated beats of drawn windows (see `drawn_twins`)."""
    return annotated_beats(_reader(request, path), ICENTIA11K_RULE, request.numbers.fs)


def _reader(request: Request, path: Callable[[str], str]) -> Callable[[str], Record]:
    return lambda name: _read_segment(request.folder, name, path(name), request.numbers)


def drawn_regions(request: Request, windows: Windows, target: Targets, path: Callable[[str], str]) -> Regions:
    """Regions of drawn windows.

    Parameters
    ----------
    path : from a segment's name to its place below the database's folder
    """
    numbers = request.numbers
    return regions_of(windows, target, lambda name: _read_segment(request.folder, name, path(name), numbers), ICENTIA11K_RULE, numbers.fs)


def drawn_continued(request: Request, windows: Windows, path: Callable[[str], str]) -> Continued:
    """Drawn windows with what follows them (see `continued_in`); `path` as for `drawn_twins`."""
    return continued_in(windows, lambda name: _read_segment(request.folder, name, path(name), request.numbers))


def draw(record: Names, number: Indices, label: Indices, count: int, seed: int) -> Int64[np.ndarray, " m"]:
    """Indices, ascending, of up to `count` windows, as many of each class as of any other, as long as there are any.

    The classes take turns in the order of their integers; the next window of a class is the next one in the drawing order.
    """
    order = _drawing_order(record, number, seed)
    turn = _turns(label, order)
    by_turn = sorted(order, key=lambda window: (turn[window], label[window]))
    return np.array(sorted(by_turn[:count]), dtype=np.int64)


def _drawing_order(record: Names, number: Indices, seed: int) -> list[int]:
    """All windows' indices in the order of their digests.

    A digest depends only on the seed, the record and the number, so that adding or removing windows does not reorder the others.
    """
    digests = [hashlib.sha256(f"{seed}/{name}/{i}".encode()).digest() for name, i in zip(record, number, strict=True)]
    return sorted(range(len(digests)), key=digests.__getitem__)


def _turns(label: Indices, order: Sequence[int]) -> list[int]:
    """For each window, how many windows of its class come before it in the drawing order."""
    turn = [0] * len(label)
    seen: dict[int, int] = {}
    for window in order:
        class_ = int(label[window])
        turn[window] = seen.get(class_, 0)
        seen[class_] = turn[window] + 1
    return turn
