"""A safetensors file of weights that anybody may have made: its header is read and checked before any tensor is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from math import prod
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import torch
from msgspec import Meta, Struct, convert

from ecgbench.bounded_files import json_of, regular_file
from ecgbench.models._registry import Form, Shape
from ecgbench.printable import quoted

OWN = "ecgbench"
"""Name in a checkpoint's header under which it says how its network is built."""

METADATA = "__metadata__"

LENGTH = 8
"""Bytes of the number, before the header, that says how long the header is."""

HEADER_LIMIT, FILE_LIMIT = 1 << 20, 1 << 32
"""Bytes that a header and a whole file may have."""

SAMPLES_LIMIT, OUTPUTS_LIMIT = 1 << 20, 1 << 16
"""Samples of a window, of all its leads together, and logits that a network may have."""

DTYPES: Mapping[str, torch.dtype] = MappingProxyType(
    {
        "F64": torch.float64,
        "F32": torch.float32,
        "F16": torch.float16,
        "BF16": torch.bfloat16,
        "I64": torch.int64,
        "I32": torch.int32,
        "I16": torch.int16,
        "I8": torch.int8,
        "U8": torch.uint8,
        "BOOL": torch.bool,
    }
)
"""Kinds of numbers that weights and what a network counts beside them are stored as, by their names in a header."""

Size = Annotated[int, Meta(ge=0, le=1 << 53)]


class _Tensor(Struct, forbid_unknown_fields=True):
    dtype: Annotated[str, Meta(max_length=16)]
    shape: Annotated[list[Size], Meta(max_length=8)]
    data_offsets: tuple[Size, Size]


class _Form(Struct, forbid_unknown_fields=True):
    model: Annotated[str, Meta(max_length=200)]
    leads: Annotated[int, Meta(ge=1, le=SAMPLES_LIMIT)]
    samples: Annotated[int, Meta(ge=1, le=SAMPLES_LIMIT)]
    outputs: Annotated[int, Meta(ge=1, le=OUTPUTS_LIMIT)]


@dataclass(frozen=True)
class Layout:
    """The form of a stored tensor: the kind of its numbers, and its shape."""

    dtype: torch.dtype
    shape: Shape


@dataclass(frozen=True)
class WeightsFile:
    """An open file of weights of which the header alone was read.

    Attributes
    ----------
    layouts : of its tensors by name; one behind the other they fill the file
    form : of the network, None where the file does not say it
    """

    layouts: Mapping[str, Layout]
    form: Form | None
    _start: bytes
    _file: BufferedReader
    _size: int

    def content(self) -> bytes:
        """All bytes of the file; call it once.

        Raises
        ------
        ValueError
            If the file does not have its size any more.
        """
        content = self._start + self._file.read(self._size + 1 - len(self._start))
        if len(content) != self._size:
            raise ValueError("a file that changes while it is read")
        return content


@contextmanager
def weights_file(path: Path) -> Iterator[WeightsFile]:
    """Open a file and read its header.

    Raises
    ------
    ValueError
        If it is no regular file, or its header does not describe tensors that fill the file.
    """
    with regular_file(path, follow_links=True) as (file, size):
        length = int.from_bytes(file.read(LENGTH), "little")
        if not LENGTH < size <= FILE_LIMIT or not 2 <= length <= min(HEADER_LIMIT, size - LENGTH):
            raise ValueError(f"a header of {length} bytes in a file of {size}")
        text = file.read(length)
        entries: dict[str, Any] = json_of(text, dict[str, Any])
        form = _form_of(entries.pop(METADATA, {}))
        layouts = _layouts(convert(entries, dict[str, _Tensor]), size - LENGTH - length)
        yield WeightsFile(layouts, form, length.to_bytes(LENGTH, "little") + text, file, size)


def _form_of(metadata: Any) -> Form | None:
    text = convert(metadata, dict[str, str]).get(OWN)
    if text is None:
        return None
    try:
        form: _Form = json_of(text, _Form)
    except ValueError as error:
        raise ValueError(f"a network's form that is none, {error}") from error
    if form.leads * form.samples > SAMPLES_LIMIT:
        raise ValueError(f"windows of {form.leads} leads and {form.samples} samples, more than {SAMPLES_LIMIT} together")
    return Form(form.model, form.leads, form.samples, form.outputs)


def _layouts(tensors: Mapping[str, _Tensor], room: int) -> dict[str, Layout]:
    """What the tensors are; refused are those that overlap, leave gaps, or do not end where the file does."""
    end, layouts = 0, {}
    for name, tensor in sorted(tensors.items(), key=lambda item: item[1].data_offsets):
        layout = Layout(_dtype(name, tensor.dtype), tuple(tensor.shape))
        due = end + layout.dtype.itemsize * prod(layout.shape)
        if tensor.data_offsets != (end, due):
            raise ValueError(f"{quoted(name)} at bytes {tensor.data_offsets} where {(end, due)} were due")
        end, layouts[name] = due, layout
    if end != room:
        raise ValueError(f"{room} bytes of tensors where {end} were announced")
    return layouts


def _dtype(name: str, code: str) -> torch.dtype:
    if code not in DTYPES:
        raise ValueError(f"{quoted(name)} of {quoted(code)}, which is none of {', '.join(DTYPES)}")
    return DTYPES[code]
