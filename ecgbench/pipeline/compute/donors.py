"""Donors of explained windows: the patient's normal ECG at the same cardiac phase, from the store where they are there."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float32, Int64

from ecgbench.artifacts import Arrays, artifact_key
from ecgbench.controls.r_peaks import detected
from ecgbench.datasets import DATASETS, Request
from ecgbench.datasets.records.donors import Donors, WindowBeats, donors_of
from ecgbench.pipeline.compute.normal_windows import is_normal
from ecgbench.protocol import DatasetProtocol
from ecgbench.types import Dataset, Windows

VERSION = 1
"""Bumped when donors change on purpose."""


def stored_donors(windows: Windows, dataset: Dataset, spec: DatasetProtocol, request: Request) -> Donors:
    """Donors of some of a dataset's test windows, out of these; the beats are the annotated ones, else those that XQRS finds.

    Parameters
    ----------
    spec : the dataset's numbers
    request : how the dataset was loaded
    """
    entry = DATASETS[dataset.name]

    def detected_beats(some: Windows) -> list[WindowBeats]:
        return [_detected_beats(signal, dataset.fs) for signal in some.signal]

    def compute() -> tuple[Arrays, dict[str, Any]]:
        normal = np.flatnonzero(is_normal(dataset.test, dataset.classes, spec.normal))
        made = donors_of(windows, dataset.test, normal, detected_beats if entry.beats is None else entry.beats(request))
        return {"donor": made.donor}, {"dataset": dataset.name, "reason": made.reason.tolist()}

    places = {"record": windows.record.tolist(), "start": windows.start.tolist()}
    key = artifact_key("donors", dataset=dataset.name, version=VERSION, windows=dataset.key, annotated=entry.beats is not None, **places)
    found = request.store.compute("donors", key, compute)
    return Donors(found.arrays["donor"], np.array(found.info["reason"], dtype=str))


def _detected_beats(signal: Float32[np.ndarray, "leads time"], fs: float) -> WindowBeats:
    """The R peaks that XQRS finds in a lead, or in the length of the vector of several: they have no labels."""
    centred = signal - np.median(signal, axis=1, keepdims=True)
    found: Int64[np.ndarray, " beats"] = np.unique(detected(signal[0] if len(signal) == 1 else np.linalg.norm(centred, axis=0), fs))
    return WindowBeats(found.astype(np.float64), np.ones(len(found), dtype=bool))
