"""Files of artifacts as others could write them: of any record, with a checksum that is right."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from safetensors.numpy import save

CHECKSUM = "0" * 64

OLD = {"checksum": CHECKSUM, "info": {"value": 1}, "seconds": 0.5, "with": {"numpy": "2"}}
"""The record of an artifact in the layout that had no number."""

NEW = {**OLD, "key": "k", "layout": 2, "stage": "s"}
"""The record of the artifact `k` of the stage `s`."""


def text(record: object) -> str:
    """The record as it stands in a file, its keys sorted."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"))


def signed(record: object, arrays: Mapping[str, np.ndarray] | None = None) -> bytes:
    """The file of an artifact with this record."""
    return sign(save({"a": np.full(3, 1)} if arrays is None else dict(arrays), {"artifact": text(record)}))


def framed(header: str | bytes, data: bytes = b"") -> bytes:
    """A file with this header, with a checksum that is right if the header has a place for one."""
    content = header.encode() if isinstance(header, str) else header
    return sign(len(content).to_bytes(8, "little") + content + data)


def headed(record: object, tensors: Mapping[str, Any], data: bytes = b"") -> bytes:
    """A file with this record, these descriptions of arrays and these data."""
    return framed(json.dumps({"__metadata__": {"artifact": text(record)}, **tensors}, separators=(",", ":")), data)


def sign(content: bytes) -> bytes:
    """The file with the checksum that is right for it."""
    return content.replace(CHECKSUM.encode(), hashlib.sha256(content).hexdigest().encode(), 1)
