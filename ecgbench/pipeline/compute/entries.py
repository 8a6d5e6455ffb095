"""Entries of a collection in the store: each computed by itself where it is missing, all missing ones written at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from ecgbench.artifacts import Arrays, Artifact, ArtifactStore

Computed = tuple[Arrays, dict[str, Any]]
"""An entry's arrays and info."""


def stored_entries(
    store: ArtifactStore, stage: str, key: str, names: Collection[str], compute: Callable[[str], Computed], renew: bool = False
) -> Mapping[str, Artifact]:
    """The entries of a collection by name.

    Parameters
    ----------
    stage, key : of the collection
    names : of the entries
    compute : an entry's arrays and info, by its name
    renew : compute them even where the store holds them
    """

    def timed(missing: Collection[str]) -> dict[str, tuple[Arrays, dict[str, Any], float]]:
        found = {}
        for name in missing:
            began = time.perf_counter()
            arrays, info = compute(name)
            found[name] = (arrays, info, time.perf_counter() - began)
        return found

    return store.collect(stage, key, names, timed, renew).entries


def stored_entry(store: ArtifactStore, stage: str, key: str, name: str, compute: Callable[[], Computed], renew: bool = False) -> Artifact:
    """One entry of a collection (see `stored_entries`)."""
    return stored_entries(store, stage, key, [name], lambda _: compute(), renew)[name]


def long_entry(store: ArtifactStore, stage: str, key: str, name: str, compute: Callable[[], Computed]) -> Artifact:
    """One entry of a collection that takes long: other processes may compute and add other entries meanwhile."""
    held = store.get(stage, key)
    if not store.computing or (held is not None and name in held.entries):
        return stored_entry(store, stage, key, name, compute)
    began = time.perf_counter()
    arrays, info = compute()
    return store.merge(stage, key, {name: (arrays, info, time.perf_counter() - began)}).entries[name]
