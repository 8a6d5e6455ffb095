"""An artifact as the bytes of a safetensors file, and back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ecgbench.artifacts._artifact import Arrays, Artifact, Attachment, canonical, collection, frozen
from ecgbench.artifacts._record import LAYOUT, METADATA, Collection, DamageError, Facts, Record, Single, attachments, read_header
from ecgbench.errors import ArtifactError

MARK = b'\\"checksum\\":\\"'
"""What precedes the checksum in the file. The record's other keys come later, so that its first occurrence is the checksum's."""

LENGTH = 64
"""Characters of the checksum: the SHA-256, hexadecimal, of the file with as many zeros in the checksum's place."""


def encode(stage: str, key: str, artifact: Artifact) -> bytearray:
    """The file of an artifact: the same bytes whatever the order of its arrays and entries.

    Raises
    ------
    ArtifactError
        If an array is of a type that safetensors lacks, such as text, or the info is not what could be read again.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save

    arrays = {name: np.asarray(array, order="C") for name, array in artifact.arrays.items()}
    record = canonical({"checksum": "0" * LENGTH, "layout": LAYOUT, "stage": stage, "key": key, **_values(artifact)})
    try:
        content = bytearray(save(arrays, {METADATA: record}))
    except SafetensorError as error:
        raise ArtifactError(
            f"expected arrays of numbers or bool, got one that cannot be stored ({error}); put it into the info."
        ) from error
    _check_readable(content)
    start = _checksum_start(content)
    content[start : start + LENGTH] = _checksum(content, start)
    return content


def decode(stage: str, key: str, content: bytes) -> Artifact:
    """The artifact of a file, verified to be the one of this stage and key.

    Raises
    ------
    DamageError
        If the content is not, byte for byte, what was written under that stage and key.
    """
    start = _checksum_start(content)
    checksum = content[start : start + LENGTH]
    if checksum != _checksum(content, start):
        raise DamageError("checksum of the file")
    record, _ = read_header(_header(content))
    if record.checksum.encode() != checksum:
        raise DamageError("checksum of another record")
    _check_place(record, stage, key)
    arrays = _arrays(content)
    if isinstance(record, Collection):
        parts = _parts(record.entries, arrays)
        return collection({name: _artifact(facts, parts[name]) for name, facts in record.entries.items()})
    return _artifact(record, arrays, attachments(record))


def read_attachments(path: Path) -> dict[str, Attachment]:
    """Attached files of the artifact at `path` by name, from its header alone and unverified; none if that cannot be read."""
    with suppress(OSError, DamageError), open(path, "rb") as file:
        length = _header_length(file.read(8))
        if length <= path.stat().st_size:
            return attachments(read_header(file.read(length))[0])
    return {}


def _values(artifact: Artifact) -> dict[str, Any]:
    if artifact.entries:
        return {"entries": {name: _facts(entry) for name, entry in artifact.entries.items()}}
    files = {name: asdict(attachment) for name, attachment in artifact.attached.items()}
    return _facts(artifact) | ({"files": files} if files else {})


def _facts(artifact: Artifact) -> dict[str, Any]:
    return {"info": artifact.info, "seconds": artifact.seconds, "with": artifact.made_with}


def _artifact(facts: Facts | Single, arrays: Arrays, attached: Mapping[str, Attachment] | None = None) -> Artifact:
    return Artifact(arrays, facts.info, facts.seconds, cached=True, made_with=facts.made_with, attached=attached or {})


def _parts(entries: Iterable[str], arrays: Arrays) -> dict[str, Arrays]:
    """The arrays of each entry by their own names."""
    parts: dict[str, Arrays] = {name: {} for name in entries}
    for name, array in arrays.items():
        entry, _, part = name.partition("/")
        parts[entry][part] = array
    return parts


def _arrays(content: bytes) -> Arrays:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return frozen(load(content))
    except (SafetensorError, ValueError) as error:
        raise DamageError(f"its arrays: {error}") from error


def _check_place(record: Record, stage: str, key: str) -> None:
    """An artifact is what its name says, wherever its file was moved."""
    if (record.stage, record.key) != (stage, key):
        raise DamageError(f"the {record.stage} {record.key[:12]}, expected the {stage} {key[:12]}")


def _check_readable(content: bytes | bytearray) -> None:
    """Refuse to write what reading would refuse."""
    try:
        read_header(_header(content))
    except DamageError as error:
        raise ArtifactError(f"expected an artifact that can be read again, got {error}; store less of it, or as arrays.") from error


def _header(content: bytes | bytearray) -> bytes:
    return bytes(content[8 : 8 + _header_length(content)])


def _header_length(content: bytes | bytearray) -> int:
    return int.from_bytes(content[:8], "little")


def _checksum_start(content: bytes | bytearray) -> int:
    found = content.find(MARK)
    if found < 0:
        raise DamageError("no checksum")
    return found + len(MARK)


def _checksum(content: bytes | bytearray, start: int) -> bytes:
    """Over every byte but the checksum's own."""
    view = memoryview(content)
    digest = hashlib.sha256(view[:start])
    digest.update(b"0" * LENGTH)
    digest.update(view[start + LENGTH :])
    return digest.hexdigest().encode()
