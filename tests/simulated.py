"""The windows of the embedded datasets: simulating them takes seconds, so that it is done once for all tests of a run."""

from __future__ import annotations

import functools
from pathlib import Path

from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import load_dataset

_places: list[Path] = []


def keep_in(folder: Path) -> None:
    """Keep them in a folder from now on, which all processes of the run share."""
    _places[:] = [folder]
    simulated.cache_clear()


@functools.cache
def simulated(key: str) -> ArtifactStore:
    """A store of one dataset's windows; a test that adds to it or spoils it takes a copy (see `tests.pipeline.runs`)."""
    store = ArtifactStore(_places[0] / key)
    load_dataset(key, store=store)
    return store
