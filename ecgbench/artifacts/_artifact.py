"""What an artifact holds, its key, and the digest of its values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from ecgbench.errors import ArtifactError

Arrays = dict[str, np.ndarray]

PACKAGES = ("ecgbench-attribution", "numpy", "torch")
"""Packages whose versions are recorded with an artifact."""


@dataclass(frozen=True)
class Attachment:
    """A file that is attached to an artifact: its size in bytes and the SHA-256 of its content, hexadecimal."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Artifact:
    """What one step of the pipeline left behind.

    Attributes
    ----------
    arrays : read-only arrays by name; of a collection by `<entry>/<array>`
    info : JSON data; of a collection that of each entry, by the entry's name
    seconds : how long computing it took; of a collection all entries together
    cached : whether it came from the store; of a collection whether all entries did
    made_with : versions of packages, and the kind of machine; of a collection empty, since each entry has its own
    attached : attached files by name
    entries : of a collection, its entries by name, sorted; empty for any other artifact
    """

    arrays: Mapping[str, np.ndarray]
    info: Mapping[str, Any]
    seconds: float
    cached: bool
    made_with: Mapping[str, str] = field(default_factory=dict)
    attached: Mapping[str, Attachment] = field(default_factory=dict)
    entries: Mapping[str, Artifact] = field(default_factory=dict)


def artifact_key(stage: str, **parameters: Any) -> str:
    """SHA-256 over the stage and its parameters (which hold the keys of what it is computed from), hexadecimal."""
    return hashlib.sha256(canonical({"stage": stage, **parameters}).encode()).hexdigest()


def canonical(data: Any) -> str:
    """The one JSON text that stands for `data`."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)


def computed(arrays: Mapping[str, np.ndarray], info: Mapping[str, Any], seconds: float) -> Artifact:
    """A new artifact, the same as it will come from the store: its info is what JSON makes of it."""
    return Artifact(frozen(arrays), json.loads(canonical(info)), seconds, cached=False, made_with=made_with())


def collection(entries: Mapping[str, Artifact]) -> Artifact:
    """The artifact whose entries these are, whatever their order."""
    ordered = {name: entries[name] for name in sorted(entries)}
    return Artifact(
        arrays={f"{name}/{part}": array for name, entry in ordered.items() for part, array in entry.arrays.items()},
        info={name: entry.info for name, entry in ordered.items()},
        seconds=sum(entry.seconds for entry in ordered.values()),
        cached=all(entry.cached for entry in ordered.values()),
        entries=ordered,
    )


def check_entry_names(names: Iterable[str]) -> None:
    """Refuse names of entries that could not be told apart from the names of their arrays.

    Raises
    ------
    ArtifactError
        If a name is empty or holds a slash.
    """
    for name in names:
        if not name or "/" in name:
            raise ArtifactError(f'expected names of entries without a slash, got "{name}"; name the entry otherwise.')


def value_digest(stage: str, key: str, artifact: Artifact) -> str:
    """SHA-256 over an artifact's place and values, not over how long or where they were computed, hexadecimal."""
    arrays = {name: [str(array.dtype), array.shape, hashlib.sha256(array.tobytes()).hexdigest()] for name, array in artifact.arrays.items()}
    attached = {name: attachment.sha256 for name, attachment in artifact.attached.items()}
    return artifact_key(stage, key=key, arrays=arrays, info=artifact.info, attached=attached, entries=list(artifact.entries))


def frozen(arrays: Mapping[str, np.ndarray]) -> Arrays:
    """Read-only views of the arrays, sorted by name."""
    views = {name: np.asarray(arrays[name]).view() for name in sorted(arrays)}
    for view in views.values():
        view.flags.writeable = False
    return views


@cache
def made_with() -> dict[str, str]:
    """Versions of the packages that compute artifacts, and the kind of machine, without its name."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": platform.python_version(), "platform": f"{platform.system()} {platform.machine()}"}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found
