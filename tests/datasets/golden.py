"""Digests of windows, as the golden files have them (reference/README.md beside the records), and how tests load what they compare."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from ecgbench.datasets.records.files.wfdb_reader import Record, read_record
from ecgbench.protocol import MITDB, SVDB, DatasetProtocol
from ecgbench.types import Dataset, Windows

NUMBERS: dict[str, DatasetProtocol] = {"mitdb": MITDB, "svdb": SVDB}
LABELS = ("aami", "study")
COMPARED = ("windows", "labels", "signal_sha256", "labels_sha256", "spans_sha256")


def golden_windows(reference: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((reference / f"{name}_windows.json").read_text())
    return found


def read(root: Path, name: str, record: str) -> Record:
    numbers = NUMBERS[name]
    return read_record(root / numbers.slug / numbers.version, record, 0, numbers.fs)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def digests(windows: Windows) -> dict[str, Any]:
    spans = [span.tolist() for span in windows.spans]
    return {
        "windows": len(windows),
        "labels": {str(label): count for label, count in sorted(Counter(windows.y.tolist()).items())},
        "signal_sha256": sha256(windows.signal.astype("<f4").tobytes()),
        "labels_sha256": sha256(windows.y.astype("<i8").tobytes()),
        "spans_sha256": sha256(json.dumps(spans, separators=(",", ":")).encode()),
    }


def by_record(dataset: Dataset) -> dict[str, Windows]:
    """The windows of each record that the split names, from the side on which it should be."""
    numbers = NUMBERS[dataset.name]
    sides = [(dataset.train, numbers.train), (dataset.test, numbers.test)]
    return {record: side.take(np.flatnonzero(side.record == record)) for side, records in sides for record in records}


def differing(found: dict[str, dict[str, Any]], golden: dict[str, dict[str, Any]]) -> dict[str, list[str]]:
    """Of each record whose digests are not the golden ones, what differs."""
    wrong = {record: [what for what in COMPARED if mine[what] != golden[record][what]] for record, mine in found.items()}
    return {record: what for record, what in wrong.items() if what}
