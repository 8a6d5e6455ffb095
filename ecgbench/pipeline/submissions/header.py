"""The header of a submission's file, and the forms of what it says: whoever made the file, nothing of it is believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import BufferedIOBase
from typing import Annotated, Any, Literal, TypeVar

from msgspec import Meta, Struct, field, to_builtins

from ecgbench.errors import InputError
from ecgbench.printable import quoted
from ecgbench.untrusted import safetensors_header
from ecgbench.untrusted.json_text import strict_json, strictly
from ecgbench.untrusted.safetensors_header import METADATA, OWN

TEXT_LIMIT = 1 << 16
"""Characters that a header's own text may have."""

T = TypeVar("T")

Extent = Annotated[int, Meta(ge=1)]


class Form(Struct, frozen=True, forbid_unknown_fields=True):
    """Data of JSON whose fields are all known and bounded, so that nothing can lie deeper than they do."""


class _Tensor(Form, frozen=True):
    dtype: Literal["F32"]
    shape: tuple[Extent, Extent, Extent]
    data_offsets: Any


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
    try:
        header = safetensors_header.read_header(file, size)
    except ValueError as error:
        raise refusal(str(error)) from error
    entries = as_form(to_builtins({METADATA: header.metadata, "tensors": header.tensors}), _Entries)
    return Header(entries.metadata.text, {name: tensor.shape for name, tensor in entries.tensors.items()})


def untrusted_json(content: bytes | str) -> Any:
    """The data of a JSON text in UTF-8, without a key that stands twice or a number that is not finite.

    Raises
    ------
    InputError
        If it is anything else.
    """
    try:
        return strict_json(content)
    except ValueError as error:
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
    except ValueError as error:
        raise refusal(f"one whose {error}") from error


def refusal(got: str) -> InputError:
    """The error that says what a file holds instead of a submission; what comes from the file is quoted so that no terminal obeys it."""
    return InputError(f"expected a file as `ecgbench submit` writes it, got {quoted(got, 300)}; ask its author for it again.")
