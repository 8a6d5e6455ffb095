"""One artifact: what it holds, its key, and its two files, written through to disk and checked when they are read."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ecgbench.errors import ArtifactError

ARRAYS = "arrays.safetensors"
RECORD = "artifact.json"

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Artifact:
    """What one step of the pipeline left behind.

    Attributes
    ----------
    arrays : read-only arrays by name
    info : JSON data
    seconds : how long computing it took
    cached : whether it came from the store
    """

    arrays: Mapping[str, np.ndarray]
    info: Mapping[str, Any]
    seconds: float
    cached: bool


def artifact_key(stage: str, **parameters: Any) -> str:
    """SHA-256 over the stage and its parameters (which hold the keys of what it is computed from), hexadecimal."""
    return hashlib.sha256(canonical({"stage": stage, **parameters}).encode()).hexdigest()


def canonical(data: Any) -> str:
    """The one JSON text that stands for `data`."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)


def write_artifact(folder: Path, arrays: Arrays, info: Mapping[str, Any], seconds: float) -> None:
    """Write an artifact's two files into `folder` and flush them to disk."""
    from safetensors.numpy import save

    content = save({name: np.asarray(array, order="C") for name, array in arrays.items()})
    record = {"info": info, "seconds": seconds, "sha256": hashlib.sha256(content).hexdigest()}
    attached = {path.name: path.stat().st_size for path in folder.iterdir()}
    if attached:
        record["attached"] = attached
    record["checksum"] = hashlib.sha256(canonical(record).encode()).hexdigest()
    for name, data in ((ARRAYS, content), (RECORD, json.dumps(record, indent=1, allow_nan=False).encode())):
        _write_through(folder / name, data)


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that it holds either its old content or all of the new one.

    Raises
    ------
    ArtifactError
        If it cannot be written (no permission, no space).
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        _write_through(partial, data)
        os.replace(partial, path)
    except OSError as error:
        raise ArtifactError(f"expected to write {path}, got {error.strerror or error}; free space or name another folder.") from error
    finally:
        with suppress(OSError):
            partial.unlink()


def _write_through(path: Path, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def read_artifact(folder: Path) -> Artifact:
    """Read and verify an artifact.

    Raises
    ------
    ValueError, KeyError, OSError
        If a file is missing, is not what was written, or its checksum differs.
    """
    from safetensors.numpy import load

    record = json.loads((folder / RECORD).read_text())
    if not isinstance(record, dict):
        raise ValueError(f"{RECORD} holds no object")
    checksum = record.pop("checksum")
    content = (folder / ARRAYS).read_bytes()
    if checksum != hashlib.sha256(canonical(record).encode()).hexdigest():
        raise ValueError(f"checksum of {RECORD}")
    if record["sha256"] != hashlib.sha256(content).hexdigest():
        raise ValueError(f"checksum of {ARRAYS}")
    if any((folder / name).stat().st_size != size for name, size in record.get("attached", {}).items()):
        raise ValueError("size of what is attached")
    return Artifact(frozen(load(content)), record["info"], record["seconds"], cached=True)


def frozen(arrays: Arrays) -> Arrays:
    """Read-only views of the arrays."""
    views = {name: array.view() for name, array in arrays.items()}
    for view in views.values():
        view.flags.writeable = False
    return views
