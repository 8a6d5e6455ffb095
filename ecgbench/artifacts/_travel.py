"""Artifacts that go from one store to another: the bytes of their files, and which of them a piece of work read or wrote."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from ecgbench.artifacts._abandoned import drop_finished
from ecgbench.artifacts._encoding import decode
from ecgbench.artifacts._files import publish, writing
from ecgbench.artifacts._layout import SUFFIX, unfinished

if TYPE_CHECKING:
    from ecgbench.artifacts.local_folder import ArtifactStore

_touched: ContextVar[set[tuple[str, str]] | None] = ContextVar("touched", default=None)


@contextmanager
def touched() -> Iterator[set[tuple[str, str]]]:
    """Stage and key of each artifact that is asked for or written in this context, of whatever store; the set grows meanwhile."""
    found: set[tuple[str, str]] = set()
    token = _touched.set(found)
    try:
        yield found
    finally:
        _touched.reset(token)


def touch(stage: str, key: str) -> None:
    """Note that an artifact is asked for or written."""
    found = _touched.get()
    if found is not None:
        found.add((stage, key))


def pack(store: ArtifactStore, stage: str, key: str) -> bytes | None:
    """The bytes of an artifact's file; None if it is absent, or has files attached, which do not travel."""
    found = store.get(stage, key)
    if found is None or found.attached:
        return None
    return (store.root / stage / f"{key}{SUFFIX}").read_bytes()


def take_in(store: ArtifactStore, stage: str, key: str, content: bytes) -> None:
    """Add an artifact that another store packed; one that is there stays, and a collection is merged with it.

    Raises
    ------
    DamageError
        If the bytes are not those of the artifact.
    ArtifactError
        If the store cannot be written.
    """
    found, path = decode(stage, key, content), store.root / stage / f"{key}{SUFFIX}"
    with store.locked(stage, key):
        held = path.exists() and store.fault(stage, key) is None
        if not held:
            with writing(path):
                publish(path, content, replacing=True)
        drop_finished(unfinished(store.root, stage, key), path)
    if held and found.entries:
        entries = {name: (dict(entry.arrays), dict(entry.info), entry.seconds) for name, entry in found.entries.items()}
        store.merge(stage, key, entries)
