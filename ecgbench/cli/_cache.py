"""`cache`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ecgbench.cli._verb import DONE, FAILED, TEXT, say
from ecgbench.errors import InputError

if TYPE_CHECKING:
    from ecgbench.artifacts import ArtifactStore
    from ecgbench.cli._verb import Verbs

    Stored = dict[str, list[str]]
    """Keys of the artifacts by stage."""

MAX_NAMES = 5
"""Names of what is in a wrong folder that are listed."""


def add_cache(verbs: Verbs) -> None:
    """Add the verb `cache`."""
    verb = verbs.add_parser("cache", help="list, verify or prune what was computed")
    verb.add_argument("action", choices=("list", "verify", "prune"))
    verb.add_argument("--stage", type=TEXT, help="only this stage (windows, model, ...); without it, prune removes leftovers only")
    verb.set_defaults(run=_cache)


def _cache(given: argparse.Namespace) -> int:
    from ecgbench.artifacts import ArtifactStore

    store = ArtifactStore()
    stored = _stored(store)
    if given.stage is not None and stored:
        stored = {given.stage: _keys(store, stored, given.stage)}
    if given.action == "prune":
        say(f"{store.prune(given.stage)} bytes freed in {store.root}")
        return DONE
    if not stored:
        say(f"nothing is stored in {store.root} yet")
        return DONE
    say("\n".join([str(store.root), *(_size(store, stage, keys) for stage, keys in stored.items())]))
    return _verify(store, stored) if given.action == "verify" else DONE


def _stored(store: ArtifactStore) -> Stored:
    """What a store holds.

    Raises
    ------
    InputError
        If its place is no folder, or the folder of something else.
    """
    if store.root.exists() and not store.root.is_dir():
        raise InputError(f"expected the folder of a store, got the file {store.root}; point ECGBENCH_CACHE at the folder.")
    stored: Stored = {}
    for stage, key in store:
        stored.setdefault(stage, []).append(key)
    others = () if stored else store.foreign()
    if others:
        named = ", ".join(others[:MAX_NAMES])
        raise InputError(f"expected the folder of a store, got {store.root} with {named}; point ECGBENCH_CACHE at the store.")
    return stored


def _keys(store: ArtifactStore, stored: Stored, stage: str) -> list[str]:
    if stage not in stored:
        raise InputError(f'expected a stage that is stored in {store.root} ({", ".join(stored)}), got "{stage}"; name one of them.')
    return stored[stage]


def _size(store: ArtifactStore, stage: str, keys: list[str]) -> str:
    return f"  {stage}: {len(keys)} artifacts, {sum(store.size(stage, key) for key in keys) / 1e6:.1f} MB"


def _verify(store: ArtifactStore, stored: Stored) -> int:
    """Read every artifact; what is damaged is named and set aside."""
    from ecgbench.artifacts import OtherLayoutError

    faults = {(stage, key): store.fault(stage, key) for stage, keys in stored.items() for key in keys}
    others = [place for place, fault in faults.items() if isinstance(fault, OtherLayoutError)]
    damaged = [place for place, fault in faults.items() if fault and place not in others]
    for stage, key in damaged:
        say(f"damaged: {stage}/{key}")
        store.get(stage, key)
    if others:
        say(f"{len(others)} of another layout, which are computed anew where they are asked for")
    say(f"{len(damaged)} damaged")
    return FAILED if damaged else DONE
