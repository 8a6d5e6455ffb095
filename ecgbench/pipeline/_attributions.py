"""Attributions of the explained windows, a batch of windows at a time, from the store where they are there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ecgbench.artifacts import Arrays, Artifact, ArtifactStore, artifact_key
from ecgbench.inputs import protocol_options
from ecgbench.methods import METHODS, explain
from ecgbench.pipeline._health import map_health
from ecgbench.pipeline._models import TrainedModel
from ecgbench.protocol import WINDOW_BATCH
from ecgbench.types import Attributions, Explained


@dataclass(frozen=True)
class Maps:
    """Attributions of one method on the explained windows, with what is known about them.

    Attributes
    ----------
    values : (n, leads, time), signed
    keys : the artifacts that hold them, one for each batch of windows
    health : see `map_health`
    seconds : time that computing them took
    cached : whether all came from the store
    """

    values: Attributions
    keys: tuple[str, ...]
    health: Mapping[str, float]
    seconds: float
    cached: bool


def compute_maps(method: str, model: TrainedModel, explained: Explained, seed: int, protocol: str, store: ArtifactStore) -> Maps:
    """The method's signed maps of the explained windows."""
    parts = batches(len(explained.target))
    held = [_compute_batch(method, model, explained, seed, protocol, store, part) for part in parts]
    values = np.concatenate([artifact.arrays["maps"] for _, artifact in held])
    health = map_health(values, explained.logit, explained.neutral[explained.target], METHODS[method].complete)
    seconds = sum(artifact.seconds for _, artifact in held)
    return Maps(values, tuple(key for key, _ in held), health, seconds, all(artifact.cached for _, artifact in held))


def _compute_batch(
    method: str, model: TrainedModel, explained: Explained, seed: int, protocol: str, store: ArtifactStore, part: slice
) -> tuple[str, Artifact]:
    entry, x, target = METHODS[method], explained.windows.x[part], explained.target[part]
    key = artifact_key(
        "attributions",
        method=method,
        version=entry.version,
        options=protocol_options(entry.study, protocol),
        model=model.digest,
        precision=model.precision,
        seed=seed if entry.stochastic else None,
        x=array_digest(x),
        target=target.tolist(),
    )

    def compute() -> tuple[Arrays, dict[str, Any]]:
        return {"maps": explain(model.module, x, target, method, seed=seed, protocol=protocol)}, {"method": method}

    return key, store.compute("attributions", key, compute)


def batches(count: int) -> list[slice]:
    """Slices of the explained windows that one artifact holds each."""
    return [slice(first, min(first + WINDOW_BATCH, count)) for first in range(0, count, WINDOW_BATCH)]


def array_digest(array: np.ndarray) -> str:
    """SHA-256 of an array's values in C order."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
