"""An artifact as the bytes of a safetensors file, and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ecgbench.artifacts._artifact import Artifact, Attachment, canonical, collection, frozen
from ecgbench.errors import ArtifactError

METADATA = "artifact"
"""Key of the record in the header's metadata. It is the only one, since safetensors writes several in any order."""

MARK = b'\\"checksum\\":\\"'
"""What precedes the checksum in the file. The record's other keys come later, so that its first occurrence is the checksum's."""

LENGTH = 64
"""Characters of the checksum: the SHA-256, hexadecimal, of the file with as many zeros in the checksum's place."""


def encode(artifact: Artifact) -> bytearray:
    """The file of an artifact: the same bytes whatever the order of its arrays and entries.

    Raises
    ------
    ArtifactError
        If an array is of a type that safetensors lacks, such as text.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save

    arrays = {name: np.asarray(array, order="C") for name, array in artifact.arrays.items()}
    try:
        content = bytearray(save(arrays, {METADATA: canonical(_record(artifact))}))
    except SafetensorError as error:
        raise ArtifactError(
            f"expected arrays of numbers or bool, got one that cannot be stored ({error}); put it into the info."
        ) from error
    start = _checksum_start(content)
    content[start : start + LENGTH] = _checksum(content, start)
    return content


def decode(content: bytes) -> Artifact:
    """The artifact of a file, verified.

    Raises
    ------
    ValueError, KeyError
        If the content is not, byte for byte, what was written.
    """
    from safetensors.numpy import load

    start = _checksum_start(content)
    if content[start : start + LENGTH] != _checksum(content, start):
        raise ValueError("checksum of the file")
    record, arrays = _record_in(content[8 : 8 + _header_length(content)]), frozen(load(content))
    if "entries" in record:
        return collection({name: _entry(name, entry, arrays) for name, entry in record["entries"].items()})
    return _artifact(record, arrays)


def read_attachments(path: Path) -> dict[str, Attachment]:
    """Attached files of the artifact at `path` by name, from its header alone and unverified; none if that cannot be read."""
    with suppress(OSError, ValueError, KeyError, TypeError), open(path, "rb") as file:
        length = _header_length(file.read(8))
        if length <= path.stat().st_size:
            return _attachments(_record_in(file.read(length)))
    return {}


def _record(artifact: Artifact) -> dict[str, Any]:
    record: dict[str, Any] = {"checksum": "0" * LENGTH}
    if artifact.entries:
        return record | {"entries": {name: _facts(entry) for name, entry in artifact.entries.items()}}
    if artifact.attached:
        record["files"] = {name: asdict(attachment) for name, attachment in artifact.attached.items()}
    return record | _facts(artifact)


def _facts(artifact: Artifact) -> dict[str, Any]:
    return {"info": artifact.info, "seconds": artifact.seconds, "with": artifact.made_with}


def _artifact(record: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Artifact:
    attached = _attachments(record)
    return Artifact(arrays, record["info"], record["seconds"], cached=True, made_with=record["with"], attached=attached)


def _entry(name: str, record: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Artifact:
    prefix = f"{name}/"
    return _artifact(record, {part.removeprefix(prefix): array for part, array in arrays.items() if part.startswith(prefix)})


def _attachments(record: Mapping[str, Any]) -> dict[str, Attachment]:
    return {name: Attachment(**facts) for name, facts in record.get("files", {}).items()}


def _header_length(content: bytes) -> int:
    return int.from_bytes(content[:8], "little")


def _record_in(header: bytes) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(json.loads(header)["__metadata__"][METADATA])
    return record


def _checksum_start(content: bytes | bytearray) -> int:
    found = content.find(MARK)
    if found < 0:
        raise ValueError("no checksum")
    return found + len(MARK)


def _checksum(content: bytes | bytearray, start: int) -> bytes:
    """Over every byte but the checksum's own."""
    view = memoryview(content)
    digest = hashlib.sha256(view[:start])
    digest.update(b"0" * LENGTH)
    digest.update(view[start + LENGTH :])
    return digest.hexdigest().encode()
