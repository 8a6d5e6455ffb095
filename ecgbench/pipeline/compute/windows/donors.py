"""Donors of explained windows: the patient's normal ECG at the same cardiac phase, from the store where they are there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float32, Int64

from ecgbench.artifacts import Arrays, ArtifactStore, artifact_key
from ecgbench.controls.r_peaks import detected
from ecgbench.datasets import DATASETS, Request
from ecgbench.datasets.records.counterfactuals.donors import Donors, FindBeats, WindowBeats, donors_of
from ecgbench.pipeline.compute.windows.normal_windows import is_normal
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
    beats = detected_beats(dataset.fs) if entry.beats is None else entry.beats(request)

    def normal() -> np.ndarray:
        return is_normal(dataset.test, dataset.classes, spec.normal)

    return donors_in(request.store, windows, dataset, normal, beats, annotated=entry.beats is not None)


def donors_in(
    store: ArtifactStore, windows: Windows, dataset: Dataset, normal: Callable[[], np.ndarray], beats: FindBeats, **told: Any
) -> Donors:
    """Donors of some of a dataset's test windows, from the store where they are there.

    Parameters
    ----------
    normal : which of the test windows (n,) are normal
    beats : finds the beats of some windows
    told : what else donors depend on
    """

    def compute() -> tuple[Arrays, dict[str, Any]]:
        made = donors_of(windows, dataset.test, np.flatnonzero(normal()), beats)
        return {"donor": made.donor}, {"dataset": dataset.name, "reason": made.reason.tolist()}

    places = {"record": windows.record.tolist(), "start": windows.start.tolist()}
    key = artifact_key("donors", dataset=dataset.name, version=VERSION, windows=dataset.key, **told, **places)
    found = store.compute("donors", key, compute)
    return Donors(found.arrays["donor"], np.array(found.info["reason"], dtype=str))


def detected_beats(fs: float) -> FindBeats:
    """What finds beats in windows that nobody annotated, at `fs` Hz."""
    return lambda windows: [_detected_beats(signal, fs) for signal in windows.signal]


def _detected_beats(signal: Float32[np.ndarray, "leads time"], fs: float) -> WindowBeats:
    """The R peaks that XQRS finds in a lead, or in the length of the vector of several: they have no labels."""
    centred = signal - np.median(signal, axis=1, keepdims=True)
    found: Int64[np.ndarray, " beats"] = np.unique(detected(signal[0] if len(signal) == 1 else np.linalg.norm(centred, axis=0), fs))
    return WindowBeats(found.astype(np.float64), np.ones(len(found), dtype=bool))
