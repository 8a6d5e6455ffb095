"""A source's maps of all explained windows, put together from its batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ecgbench.pipeline.compute.sources.health import map_health
from ecgbench.pipeline.compute.sources.map_sources import StoredMaps
from ecgbench.types import Attributions


@dataclass(frozen=True)
class Maps:
    """Attributions of one source on the explained windows, with what is known about them.

    Attributes
    ----------
    values : (n, leads, time), signed
    keys : of the batches, in order
    health : see `map_health`
    seconds : time that computing them took
    cached : whether all came from the store
    """

    values: Attributions
    keys: tuple[str, ...]
    health: Mapping[str, float]
    seconds: float
    cached: bool


def joined(batches: Sequence[StoredMaps]) -> Maps:
    """The maps of all batches, one after the other."""
    artifacts = [batch.artifact for batch in batches]
    found = {name: np.concatenate([artifact.arrays[name] for artifact in artifacts]) for name in artifacts[0].arrays}
    values = found.pop("maps")
    seconds, cached = sum(artifact.seconds for artifact in artifacts), all(artifact.cached for artifact in artifacts)
    return Maps(values, tuple(batch.key for batch in batches), map_health(values, found), seconds, cached)
