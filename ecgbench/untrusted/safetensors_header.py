"""The header of a safetensors file that anybody may have made: read within bounded memory, and checked before any tensor is touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import BufferedIOBase
from math import prod
from types import MappingProxyType
from typing import Annotated, Any

from msgspec import Meta, Struct

from ecgbench.printable import quoted
from ecgbench.untrusted.json_text import strict_json, strictly

METADATA, OWN = "__metadata__", "ecgbench"
"""Names in a header: of the texts beside the tensors, and among these of the one that this project writes."""

HEADER_LIMIT = 1 << 20
"""Bytes that a header may have."""

LENGTH = 8
"""Bytes of the number, before the header, that says how long the header is."""

ITEM_SIZES: Mapping[str, int] = MappingProxyType(
    {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
)
"""Bytes of a number by what a header calls its kind."""

Size = Annotated[int, Meta(ge=0, le=1 << 53)]


class Tensor(Struct, frozen=True, forbid_unknown_fields=True):
    """What a header says of a tensor."""

    dtype: Annotated[str, Meta(max_length=16)]
    shape: Annotated[tuple[Size, ...], Meta(max_length=8)]
    data_offsets: tuple[Size, Size]


class _Entries(Struct, frozen=True, forbid_unknown_fields=True):
    metadata: dict[str, str]
    tensors: dict[str, Tensor]


@dataclass(frozen=True)
class Header:
    """What a header says.

    Attributes
    ----------
    metadata : texts beside the tensors, by name
    tensors : by name; one behind the other they fill the file
    content : the bytes of the file up to the first tensor
    """

    metadata: Mapping[str, str]
    tensors: Mapping[str, Tensor]
    content: bytes


def read_header(file: BufferedIOBase, size: int) -> Header:
    """Read and check the header of a file of `size` bytes, which is all that is read of it.

    Raises
    ------
    ValueError
        If it is none, is too long, or does not describe tensors that fill the file.
    """
    start = file.read(LENGTH)
    length = int.from_bytes(start, "little")
    if size < LENGTH or not 2 <= length <= min(HEADER_LIMIT, size - LENGTH):
        raise ValueError(f"a header of {length} bytes in a file of {size}")
    text = file.read(length)
    entries = strictly(_grouped(strict_json(text)), _Entries)
    _check_offsets(entries.tensors, size - LENGTH - length)
    return Header(entries.metadata, entries.tensors, start + text)


def _grouped(header: Any) -> Any:
    """The header with its tensors apart, which otherwise stand beside the metadata under names of their own."""
    if not isinstance(header, dict):
        return header
    return {"metadata": header.pop(METADATA, {}), "tensors": header}


def _check_offsets(tensors: Mapping[str, Tensor], room: int) -> None:
    """Refuse tensors that overlap, leave gaps, or do not end where the file does."""
    end = 0
    for name, tensor in sorted(tensors.items(), key=lambda item: item[1].data_offsets):
        due = end + _item_size(name, tensor.dtype) * prod(tensor.shape)
        if tensor.data_offsets != (end, due):
            first, last = tensor.data_offsets
            raise ValueError(f"{quoted(name)} at bytes {first} to {last} where {end} to {due} were due")
        end = due
    if end != room:
        raise ValueError(f"{room} bytes of tensors where {end} were announced")


def _item_size(name: str, dtype: str) -> int:
    if dtype not in ITEM_SIZES:
        raise ValueError(f"{quoted(name)} of {quoted(dtype)}, which is none of {', '.join(ITEM_SIZES)}")
    return ITEM_SIZES[dtype]
