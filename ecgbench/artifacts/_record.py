"""The header of an artifact's file, as it must be to the leaf: it is read as something that anybody may have written.

Everything that is counted or nested is bounded, so that reading a file takes no more memory than the file and a constant.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal, TypeVar

from msgspec import DecodeError, Meta, Raw, Struct, field
from msgspec.json import Decoder

from ecgbench.artifacts._artifact import Attachment

LAYOUT: Literal[2] = 2
"""Version of the files' form. Files of other versions are not read: what they held is computed anew."""

METADATA = "artifact"
"""Key of the record in the header's metadata. It is the only one, since safetensors writes several in any order."""

MAX_VALUES, MAX_DEPTH, MAX_WHOLE = 4_000_000, 16, 2**63
"""Of a record: how many values it has, how deep they are nested, and below what its whole numbers are, whatever their sign."""

MAX_SAID = 200
"""Characters of a file's own text that a message repeats."""

Count = Annotated[int, Meta(ge=0, le=2**53)]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Place = Annotated[str, Meta(pattern=r"^[\w-]+\Z", max_length=255)]
FileName = Annotated[str, Meta(pattern=r"^[\w-][\w.-]*\Z", max_length=100)]
EntryName = Annotated[str, Meta(pattern=r"^[^/]+\Z")]
Type = Literal["BOOL", "U8", "I8", "U16", "I16", "F16", "U32", "I32", "F32", "U64", "I64", "F64", "C64"]

T = TypeVar("T")


class DamageError(ValueError):
    """A file is not what was stored under its name."""

    def __init__(self, fault: object) -> None:
        text = str(fault)[:MAX_SAID]
        super().__init__("".join(sign if sign.isprintable() else "?" for sign in text))


class OtherLayoutError(DamageError):
    """A file is of another layout than the one that is read and written."""


class Facts(Struct, frozen=True, forbid_unknown_fields=True):
    """What is recorded of an artifact, or of an entry of a collection, beside its arrays."""

    info: dict[str, Any]
    seconds: Annotated[float, Meta(ge=0)]
    made_with: dict[str, str] = field(name="with")


class File(Struct, frozen=True, forbid_unknown_fields=True):
    """What is recorded of an attached file."""

    size: Count
    sha256: Digest


class Record(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is recorded of every artifact: the checksum of its file, and what it is."""

    checksum: Digest
    layout: Literal[2]
    stage: Place
    key: Place


class Single(Record, frozen=True, kw_only=True):
    """The record of an artifact that is no collection."""

    info: dict[str, Any]
    seconds: Annotated[float, Meta(ge=0)]
    made_with: dict[str, str] = field(name="with")
    files: dict[FileName, File] = {}


class Collection(Record, frozen=True, kw_only=True):
    """The record of a collection: that of each entry."""

    entries: Annotated[dict[EntryName, Facts], Meta(min_length=1)]


class _Kind(Struct, frozen=True):
    """What tells the forms of records apart. The layout of before had no number."""

    layout: Count = 1
    entries: Raw = Raw()


class _Metadata(Struct, frozen=True, forbid_unknown_fields=True):
    artifact: str


class _Tensor(Struct, frozen=True, forbid_unknown_fields=True):
    dtype: Type
    shape: Annotated[list[Count], Meta(max_length=32)]
    data_offsets: tuple[Count, Count]


_HEADER, _METADATA, _TENSOR = Decoder(dict[str, Raw]), Decoder(_Metadata), Decoder(_Tensor)
_KIND, _SINGLE, _COLLECTION = Decoder(_Kind), Decoder(Single), Decoder(Collection)


def read_header(header: bytes) -> tuple[Single | Collection, set[str]]:
    """The record in a header, and the names of the arrays.

    Raises
    ------
    DamageError
        If the header, to the leaf, is not one that is written.
    OtherLayoutError
        If it is of another layout.
    """
    if header.count(b",") + header.count(b"[") + header.count(b"{") > MAX_VALUES:
        raise DamageError(f"more than {MAX_VALUES} values in the header")
    parts = _decoded(_HEADER, header)
    if "__metadata__" not in parts:
        raise DamageError("a header without a record")
    text = _decoded(_METADATA, parts.pop("__metadata__")).artifact.encode()
    record = _record(text)
    for tensor in parts.values():
        _decoded(_TENSOR, tensor)
    if isinstance(record, Collection):
        _check_parts(record, parts)
    return record, set(parts)


def attachments(record: Single | Collection) -> dict[str, Attachment]:
    """Attached files by name."""
    files = record.files if isinstance(record, Single) else {}
    return {name: Attachment(file.size, file.sha256) for name, file in files.items()}


def _record(text: bytes) -> Single | Collection:
    kind = _decoded(_KIND, text)
    if kind.layout != LAYOUT:
        raise OtherLayoutError(f"layout {kind.layout}, expected {LAYOUT}")
    if bytes(kind.entries):
        collection = _decoded(_COLLECTION, text)
        _check_nesting(entry.info for entry in collection.entries.values())
        return collection
    single = _decoded(_SINGLE, text)
    _check_nesting([single.info])
    return single


def _check_parts(record: Collection, names: Iterable[str]) -> None:
    for name in names:
        entry, _, part = name.partition("/")
        if entry not in record.entries or not part:
            raise DamageError(f'an array "{name}" of none of the entries')


def _check_nesting(level: Iterable[Any]) -> None:
    """Refuse JSON data that are nested too deep, or that hold a whole number which no array could hold."""
    for _ in range(MAX_DEPTH):
        inner: list[Any] = []
        for container in level:
            for value in container.values() if isinstance(container, dict) else container:
                kind = type(value)
                if kind is list or kind is dict:
                    inner.append(value)
                elif kind is int and not -MAX_WHOLE <= value < MAX_WHOLE:
                    raise DamageError("a whole number of more than 64 bits")
        if not inner:
            return
        level = inner
    raise DamageError(f"data nested deeper than {MAX_DEPTH}")


def _decoded(decoder: Decoder[T], text: bytes | Raw) -> T:
    try:
        return decoder.decode(text)
    except (DecodeError, UnicodeDecodeError) as error:
        raise DamageError(f"its header: {error}") from error
    except RecursionError as error:
        raise DamageError("its header: nested too deep") from error
