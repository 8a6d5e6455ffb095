"""JSON that anybody may have written, read strictly: what is damaged, too deep or not of the schema is refused."""

from __future__ import annotations

import json
import math
from typing import Any, TypeVar

from msgspec import ValidationError, convert, to_builtins

DIGITS = 15
"""Digits that a whole number may have: as many as a float holds exactly."""

T = TypeVar("T")


def strict_json(content: bytes | str) -> Any:
    """The data of a JSON text, in UTF-8 where it is given as bytes.

    Raises
    ------
    ValueError
        If it is none, has a key twice in an object, a number that is not finite or a whole one of too many digits, or is nested so deeply
        that it cannot be read.
    """
    text = content.decode() if isinstance(content, bytes) else content
    try:
        return json.loads(text, object_pairs_hook=_distinct, parse_constant=_finite, parse_float=_finite, parse_int=_whole)
    except RecursionError as error:
        raise ValueError("objects and lists nested more deeply than any schema") from error


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key, value in pairs:
        if key in data:
            raise ValueError(f'the key "{key}" twice in one object')
        data[key] = value
    return data


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text}, which is not finite")
    return value


def _whole(text: str) -> int:
    if len(text.lstrip("-")) > DIGITS:
        raise ValueError(f"a whole number of {len(text)} digits, {text[:DIGITS]}..., instead of at most {DIGITS}")
    return int(text)


def strictly(data: Any, kind: type[T]) -> T:
    """Data as an object of a dataclass, without a field that the class does not have.

    Raises
    ------
    ValueError
        If they are not; it says where, and what was expected there.
    """
    try:
        found = convert(data, kind)
    except ValidationError as error:
        what, _, place = str(error).partition(" - at ")
        raise ValueError(f"{place.replace('`', '') or '$'}: {what[0].lower()}{what[1:]}") from error
    _refuse_unknown(data, to_builtins(found), "$")
    return found


def _refuse_unknown(data: Any, known: Any, place: str) -> None:
    """Refuse fields of the data that no class has: msgspec leaves them out where it makes dataclasses."""
    if isinstance(data, dict):
        for key, value in data.items():
            if key not in known:
                raise ValueError(f"{place}: a field `{key}` that the schema does not have")
            _refuse_unknown(value, known[key], f"{place}.{key}")
    elif isinstance(data, list):
        for i, value in enumerate(data):
            _refuse_unknown(value, known[i], f"{place}[{i}]")
