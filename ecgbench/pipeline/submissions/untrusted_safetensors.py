"""The header of a safetensors file that somebody else made: read within bounded memory, and checked before any tensor is touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import BufferedIOBase
from math import prod
from typing import Annotated, Any, Literal, TypeVar

from msgspec import Meta, Struct, field

from ecgbench.errors import InputError
from ecgbench.results.reading.strict import strict_json, strictly

HEADER_LIMIT = 1 << 20
"""Bytes that a header may have."""

TEXT_LIMIT = 1 << 16
"""Characters that a header's own text may have."""

LENGTH = 8
"""Bytes of the number, before the header, that says how long the header is."""

METADATA, OWN = "__metadata__", "ecgbench"

T = TypeVar("T")

Extent = Annotated[int, Meta(ge=1, le=1 << 53)]
Offset = Annotated[int, Meta(ge=0, le=1 << 53)]


class Form(Struct, frozen=True, forbid_unknown_fields=True):
    """Data of JSON whose fields are all known and bounded, so that nothing can lie deeper than they do."""


class _Tensor(Form, frozen=True):
    dtype: Literal["F32"]
    shape: tuple[Extent, Extent, Extent]
    data_offsets: tuple[Offset, Offset]


class _Metadata(Form, frozen=True):
    text: Annotated[str, Meta(max_length=TEXT_LIMIT)] = field(name=OWN)


class _Entries(Form, frozen=True):
    metadata: _Metadata = field(name=METADATA)
    tensors: Annotated[dict[str, _Tensor], Meta(max_length=99)]


@dataclass(frozen=True)
class Header:
    """What the header says.

    Attributes
    ----------
    text : the file's own text
    shapes : of the tensors, all float32, by name; one behind the other they fill the file
    """

    text: str
    shapes: Mapping[str, tuple[int, ...]]


def read_header(file: BufferedIOBase, size: int) -> Header:
    """Read and check the header of a file of `size` bytes, which is all that is read of it.

    Raises
    ------
    InputError
        If it is none, is too long, or does not describe float32 tensors of three axes that fill the file.
    """
    length = int.from_bytes(file.read(LENGTH), "little")
    if size < LENGTH or not 2 <= length <= min(HEADER_LIMIT, size - LENGTH):
        raise refusal(f"a header of {length} bytes in a file of {size}")
    header = as_form(_grouped(untrusted_json(file.read(length))), _Entries)
    _check_offsets(header.tensors, size - LENGTH - length)
    return Header(header.metadata.text, {name: tensor.shape for name, tensor in header.tensors.items()})


def _grouped(header: Any) -> Any:
    """The header with its tensors apart, which otherwise stand beside the metadata under names of their own."""
    if not isinstance(header, dict):
        return header
    return {METADATA: header.get(METADATA), "tensors": {name: header[name] for name in header if name != METADATA}}


def _check_offsets(tensors: Mapping[str, _Tensor], room: int) -> None:
    """Refuse tensors that overlap, leave gaps, or do not end where the file does."""
    end = 0
    for (first, last), shape in sorted((tensor.data_offsets, tensor.shape) for tensor in tensors.values()):
        if first != end or last != end + 4 * prod(shape):
            raise refusal(f"a tensor at bytes {first} to {last} where {end} to {end + 4 * prod(shape)} were due")
        end = last
    if end != room:
        raise refusal(f"{room} bytes of tensors where {end} were announced")


def untrusted_json(content: bytes | str) -> Any:
    """The data of a JSON text in UTF-8, without a key that stands twice or a number that is not finite.

    Raises
    ------
    InputError
        If it is anything else.
    """
    try:
        return strict_json(content.decode() if isinstance(content, bytes) else content)
    except (ValueError, RecursionError) as error:
        raise refusal(f"no JSON: {error}") from error


def as_form(data: Any, kind: type[T]) -> T:
    """Data as an object of a form.

    Raises
    ------
    InputError
        If they are not; it names the place, what was expected there and what came.
    """
    try:
        return strictly(data, kind)
    except UnicodeEncodeError as error:
        raise refusal("text with half a surrogate pair") from error
    except ValueError as error:
        raise refusal(f"one whose {error}") from error


def refusal(got: str) -> InputError:
    """The error that says what a file holds instead of a submission; what comes from the file is quoted so that no terminal obeys it."""
    return InputError(f"expected a file as `ecgbench submit` writes it, got {ascii(got)[1:-1][:300]}; ask its author for it again.")
