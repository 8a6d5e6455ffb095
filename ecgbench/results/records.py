"""What a file of accepted results holds, and its JSON text: read strictly, since a number that was misread would be believed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Annotated, Any, Literal, NotRequired, TypedDict, TypeVar

from msgspec import Meta, ValidationError, convert, to_builtins

from ecgbench.results.identity import Identity

VERSION: Literal[2] = 2
"""Of the files' schema."""

T = TypeVar("T")

Count = Annotated[int, Meta(ge=0)]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


@dataclass(frozen=True)
class Cell:
    """One accepted number.

    Attributes
    ----------
    variant : "raw" or "abs"
    metric : the metric's key, with the mask's kind behind it where that is not the beats' spans
    seed : the model's seed
    value : mean over the windows where the metric is defined; None if there are none
    n, undefined : windows where it is defined and undefined
    low, high : 95 % interval of the mean, patients resampled; None as the value
    seconds : time that computing it took on the machine that did
    digest : SHA-256 of the per-window scores
    """

    variant: Annotated[str, Meta(pattern=r"^(raw|abs)\Z")]
    metric: str
    seed: Count
    value: float | None
    n: Count
    undefined: Count
    low: float | None
    high: float | None
    seconds: Annotated[float, Meta(ge=0)]
    digest: Digest


class ModelRecord(TypedDict):
    """An explained model, and how well it classifies the whole test set by the measures that its dataset has."""

    digest: str
    origin: Literal["trained", "imported", "shipped"]
    precision: str
    accuracy: NotRequired[float | None]
    macro_f1: NotRequired[float | None]
    macro_auc: NotRequired[float | None]
    auc: NotRequired[list[float | None]]
    confusion: NotRequired[list[list[int]]]
    neutral_logits: NotRequired[list[float]]
    explainable: NotRequired[int]


@dataclass(frozen=True)
class SourceResults:
    """Everything that was accepted for one source of maps (a method, a control or a submission) under one identity.

    Attributes
    ----------
    source : the source's key
    identity : what the numbers are of
    models : by seed (as text)
    provenance : packages, processor, device, date
    notes : what a reader of the numbers must know about the dataset
    health : by seed (as text): share of zeros, of flat maps, error of the sum, ... of the source's maps
    artifacts : by seed (as text): keys of the attributions
    cells : the numbers
    """

    source: str
    identity: Identity
    models: Mapping[str, ModelRecord]
    provenance: Mapping[str, Any]
    notes: tuple[str, ...]
    health: Mapping[str, Mapping[str, float]]
    artifacts: Mapping[str, tuple[str, ...]]
    cells: tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True)
class _File(SourceResults):
    """The same as it stands in a file, with the SHA-256 of the archive of per-window scores that belongs to it."""

    schema: Literal[2]
    archive: Digest


class OldSchemaError(ValueError):
    """A file is of the first schema, which named no version."""


def to_text(results: SourceResults, archive: str) -> str:
    """The JSON text of accepted results whose archive has this digest.

    Raises
    ------
    ValueError
        If a number is not finite.
    """
    return json.dumps({"schema": VERSION, "archive": archive, **asdict(results)}, indent=1, allow_nan=False) + "\n"


def from_text(text: str) -> tuple[SourceResults, str]:
    """Accepted results and the digest of their archive.

    Raises
    ------
    ValueError
        If the text is no JSON, has a key twice or a number that is not finite, or is not of the schema; it says where.
    """
    data = strict_json(text)
    if isinstance(data, dict) and "schema" not in data and "method" in data:
        raise OldSchemaError("results of schema 1")
    file = strictly(data, _File)
    return SourceResults(**{field.name: getattr(file, field.name) for field in fields(SourceResults)}), file.archive


def strict_json(text: str) -> Any:
    """The data of a JSON text without a key that stands twice or a number that is not finite."""
    return json.loads(text, object_pairs_hook=_distinct, parse_constant=_finite, parse_float=_finite)


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
