"""`cache`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ecgbench.cli._verb import DONE, FAILED, TEXT
from ecgbench.cli.terminal.speech import say
from ecgbench.cli.terminal.tables import add_json, say_json
from ecgbench.errors import InputError

if TYPE_CHECKING:
    from ecgbench.artifacts import ArtifactStore
    from ecgbench.cli.terminal.parser import Parser

    Stored = dict[str, list[str]]
    """Keys of the artifacts by stage."""

MAX_NAMES = 5
"""Names of what is in a wrong folder that are listed."""


def fill_cache(verb: Parser) -> None:
    """Arguments of the verb `cache`."""
    verb.add_argument("action", choices=("list", "verify", "prune"))
    verb.add_argument("--stage", type=TEXT, help="only this stage (windows, model, ...); without it, prune removes leftovers only")
    add_json(verb)
    verb.set_defaults(run=_cache)


def _cache(given: argparse.Namespace) -> int:
    from ecgbench.artifacts import ArtifactStore

    store = ArtifactStore()
    stored = _stored(store)
    if given.stage is not None and stored:
        stored = {given.stage: _keys(store, stored, given.stage)}
    if given.action == "prune":
        freed = store.prune(given.stage)
        _tell(given, {"freed": freed}, f"{freed} bytes freed in {store.root}")
        return DONE
    sizes = {stage: {"artifacts": len(keys), "bytes": sum(store.size(stage, key) for key in keys)} for stage, keys in stored.items()}
    found = _damage(store, stored) if given.action == "verify" and stored else {}
    listed = [f"  {stage}: {size['artifacts']} artifacts, {size['bytes'] / 1e6:.1f} MB" for stage, size in sizes.items()]
    text = "\n".join([str(store.root), *listed, *_damage_lines(found)]) if stored else f"nothing is stored in {store.root} yet"
    _tell(given, {"root": store.root, "stages": sizes, **found}, text)
    return FAILED if found.get("damaged") else DONE


def _tell(given: argparse.Namespace, facts: Mapping[str, Any], text: str) -> None:
    """What was found, as JSON or as text."""
    if given.json:
        say_json(facts)
    else:
        say(text)


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


def _damage(store: ArtifactStore, stored: Stored) -> dict[str, list[str]]:
    """What is damaged, which is set aside, and what is of another layout: every artifact is read."""
    from ecgbench.artifacts import OtherLayoutError

    faults = {(stage, key): store.fault(stage, key) for stage, keys in stored.items() for key in keys}
    others = [place for place, fault in faults.items() if isinstance(fault, OtherLayoutError)]
    damaged = [place for place, fault in faults.items() if fault and place not in others]
    for stage, key in damaged:
        store.get(stage, key)
    return {name: [f"{stage}/{key}" for stage, key in places] for name, places in (("damaged", damaged), ("of another layout", others))}


def _damage_lines(found: Mapping[str, list[str]]) -> list[str]:
    if not found:
        return []
    others = len(found["of another layout"])
    told = [f"{others} of another layout, which are computed anew where they are asked for"] if others else []
    return [*(f"damaged: {place}" for place in found["damaged"]), *told, f"{len(found['damaged'])} damaged"]
