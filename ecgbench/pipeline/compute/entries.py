"""Entries of a collection in the store: computed where they are missing, all missing ones written at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from ecgbench.artifacts import Arrays, Artifact, ArtifactStore

Computed = tuple[Arrays, dict[str, Any]]
"""An entry's arrays and info."""


def stored_entries(
    store: ArtifactStore,
    stage: str,
    key: str,
    names: Collection[str],
    compute: Callable[[Sequence[str]], Sequence[Computed]],
    together: Collection[str] = (),
    renew: bool = False,
) -> Mapping[str, Artifact]:
    """The entries of a collection by name.

    Parameters
    ----------
    stage, key : of the collection
    names : of the entries
    compute : arrays and info of entries, by their names
    together : names of entries that are computed by one call, and share the seconds that it takes; each other one has a call of its own
    renew : compute them even where the store holds them
    """

    def timed(missing: Sequence[str]) -> dict[str, tuple[Arrays, dict[str, Any], float]]:
        alone = [[name] for name in missing if name not in together]
        shared = [name for name in missing if name in together]
        found: dict[str, tuple[Arrays, dict[str, Any], float]] = {}
        for part in (*alone, *([shared] if shared else [])):
            began = time.perf_counter()
            computed = compute(part)
            seconds = (time.perf_counter() - began) / len(part)
            found |= {name: (*entry, seconds) for name, entry in zip(part, computed, strict=True)}
        return found

    return store.collect(stage, key, names, timed, renew).entries


def stored_entry(store: ArtifactStore, stage: str, key: str, name: str, compute: Callable[[], Computed], renew: bool = False) -> Artifact:
    """One entry of a collection (see `stored_entries`)."""
    return stored_entries(store, stage, key, [name], lambda _: [compute()], renew=renew)[name]


def long_entry(store: ArtifactStore, stage: str, key: str, name: str, compute: Callable[[], Computed]) -> Artifact:
    """One entry of a collection that takes long: other processes may compute and add other entries meanwhile."""
    held = store.get(stage, key)
    if not store.computing or (held is not None and name in held.entries):
        return stored_entry(store, stage, key, name, compute)
    began = time.perf_counter()
    arrays, info = compute()
    return store.merge(stage, key, {name: (arrays, info, time.perf_counter() - began)}).entries[name]
