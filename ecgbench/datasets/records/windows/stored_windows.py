"""Windows as an artifact's arrays and info, and back."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from ecgbench.artifacts import Arrays, Artifact
from ecgbench.types import Signals, Windows

OPTIONAL = ("causal", "twin", "sham")
"""Arrays that not all windows have."""


def to_arrays(windows: Windows) -> tuple[Arrays, dict[str, Any]]:
    """Arrays and JSON data that hold everything of the windows."""
    lengths = [len(spans) for spans in windows.spans]
    arrays = {
        "signal": windows.signal,
        "y": windows.y,
        "start": windows.start,
        "spans": np.concatenate(windows.spans) if windows.spans else np.empty((0, 3), dtype=np.int64),
        "span_edges": np.cumsum([0, *lengths]).astype(np.int64),
    }
    arrays |= {name: array for name in OPTIONAL if (array := getattr(windows, name)) is not None}
    return arrays, {"record": windows.record.tolist(), "patient": windows.patient.tolist()}


def from_artifact(artifact: Artifact, signal: Signals | None = None) -> Windows:
    """The windows that an artifact holds; `signal` is their signal where it is not among the arrays."""
    arrays, edges = artifact.arrays, artifact.arrays["span_edges"]
    return Windows(
        signal=arrays["signal"] if signal is None else signal,
        y=arrays["y"],
        record=np.array(artifact.info["record"], dtype=str),
        patient=np.array(artifact.info["patient"], dtype=str),
        start=arrays["start"],
        spans=tuple(arrays["spans"][first:last] for first, last in pairwise(edges)),
        **{name: arrays.get(name) for name in OPTIONAL},
    )
