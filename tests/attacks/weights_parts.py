"""A safetensors file taken apart and put together again, with whatever was changed in between."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Parts:
    """A file of weights taken apart: its header's entries, what the header says beside them, and the bytes of each tensor."""

    tensors: Mapping[str, Any]
    content: Mapping[str, bytes]
    metadata: Any = field(default_factory=dict)

    def edited(self, name: str, content: bytes | None = None, **changes: Any) -> Parts:
        """The file with a tensor's entry changed, and its bytes where they are given."""
        tensors = {**self.tensors, name: {**self.tensors.get(name, {}), **changes}}
        return replace(self, tensors=tensors, content=self.content if content is None else {**self.content, name: content})


def taken_apart(file: bytes) -> Parts:
    """The parts of a valid file."""
    length = int.from_bytes(file[:8], "little")
    header, data = json.loads(file[8 : 8 + length]), file[8 + length :]
    metadata = header.pop("__metadata__", {})
    content = {name: data[slice(*entry["data_offsets"])] for name, entry in header.items()}
    return Parts(header, content, metadata)


def put_together(parts: Parts) -> bytes:
    """The file of these parts, each tensor behind the one before."""
    end, header = 0, {}
    for name, entry in parts.tensors.items():
        header[name] = {**entry, "data_offsets": [end, end + len(parts.content[name])]}
        end += len(parts.content[name])
    said = {"__metadata__": parts.metadata} if parts.metadata != {} else {}
    return with_header(json.dumps({**said, **header}), b"".join(parts.content[name] for name in parts.tensors))


def with_header(text: str | bytes, data: bytes = b"") -> bytes:
    """A file with this header."""
    content = text.encode() if isinstance(text, str) else text
    return len(content).to_bytes(8, "little") + content + data


def matrices(parts: Parts) -> list[str]:
    """Names of tensors with several axes."""
    return sorted(name for name, entry in parts.tensors.items() if len(entry["shape"]) > 1)


def floats(parts: Parts) -> list[str]:
    """Names of the weights, without what norms count."""
    return sorted(name for name, entry in parts.tensors.items() if entry["dtype"] == "F32")
