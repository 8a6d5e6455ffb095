"""The header of a safetensors file that somebody else made: read within bounded memory, and checked before any tensor is touched."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from io import BufferedIOBase
from math import prod
from typing import Any, NoReturn

from ecgbench.errors import InputError

HEADER_LIMIT = 1 << 20
"""Bytes that a header may have."""

TEXT_LIMIT = 1 << 16
"""Characters that a header's own text may have."""

NESTING = 3
"""Objects and arrays within each other, at most."""

LENGTH = 8
"""Bytes of the number, before the header, that says how long the header is."""

METADATA, OWN = "__metadata__", "ecgbench"

_SIZE: dict[str, Any] = {"type": "integer", "minimum": 0, "maximum": 1 << 53}
_TENSOR: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["dtype", "shape", "data_offsets"],
    "properties": {
        "dtype": {"const": "F32"},
        "shape": {"type": "array", "minItems": 3, "maxItems": 3, "items": {**_SIZE, "minimum": 1}},
        "data_offsets": {"type": "array", "minItems": 2, "maxItems": 2, "items": _SIZE},
    },
}
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": [METADATA],
    "maxProperties": 100,
    "additionalProperties": _TENSOR,
    "properties": {
        METADATA: {
            "type": "object",
            "additionalProperties": False,
            "required": [OWN],
            "properties": {OWN: {"type": "string", "maxLength": TEXT_LIMIT}},
        }
    },
}


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
    entries = strict_json(file.read(length))
    check_schema(entries, _SCHEMA)
    text = entries.pop(METADATA)[OWN]
    _check_offsets(entries, size - LENGTH - length)
    return Header(text, {name: tuple(entry["shape"]) for name, entry in entries.items()})


def _check_offsets(entries: Mapping[str, Mapping[str, Any]], room: int) -> None:
    """Refuse tensors that overlap, leave gaps, or do not end where the file does."""
    end = 0
    for first, last, shape in sorted((*entry["data_offsets"], entry["shape"]) for entry in entries.values()):
        if first != end or last != end + 4 * prod(shape):
            raise refusal(f"a tensor at bytes {first} to {last} where {end} to {end + 4 * prod(shape)} were due")
        end = last
    if end != room:
        raise refusal(f"{room} bytes of tensors where {end} were announced")


def strict_json(content: bytes | str) -> Any:
    """The data of a JSON text in UTF-8, of few levels and without a key that stands twice.

    Raises
    ------
    InputError
        If it is anything else.
    """
    try:
        data = json.loads(content.decode() if isinstance(content, bytes) else content, object_pairs_hook=_distinct, parse_constant=_number)
    except (ValueError, RecursionError) as error:
        raise refusal(f"no JSON: {error}") from error
    level, depth = [data], 0
    while level := [child for value in level for child in _children(value)]:
        depth += 1
        if depth > NESTING:
            raise refusal(f"more than {NESTING} levels of JSON")
    return data


def _children(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        raise ValueError("a key stands twice")
    return data


def _number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def check_schema(data: Any, schema: Mapping[str, Any]) -> None:
    """Refuse data that are not of a JSON schema.

    Raises
    ------
    InputError
        If they are not.
    """
    from jsonschema import Draft202012Validator

    # The first error is enough: collecting all of a hostile file's would take long.
    error = next(Draft202012Validator(schema).iter_errors(data), None)
    if error is not None:
        raise refusal(f"{error.json_path}: {error.message}")


def refusal(got: str) -> InputError:
    """The error that says what a file holds instead of a submission; what comes from the file is quoted so that no terminal obeys it."""
    return InputError(f"expected a file as `ecgbench submit` writes it, got {ascii(got)[1:-1][:300]}; ask its author for it again.")
