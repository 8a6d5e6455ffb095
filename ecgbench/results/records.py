"""What a file of accepted results holds, and its JSON text: read strictly, since a number that was misread would be believed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Annotated, Final, Literal, NotRequired, TypedDict

from msgspec import Meta

from ecgbench.results.identity import Identity
from ecgbench.results.reading.leaves import Count, Digest, Real, Seconds, Seed, Share, Text
from ecgbench.untrusted.json_text import strict_json, strictly

VERSION: Literal[3] = 3
"""Of the files' schema."""

LARGEST_TEXT = 1 << 22
"""Bytes that a file of results may have; that of three seeds with all cells has 32,000."""


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
    metric: Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,99}\Z")]
    seed: Count
    value: Real | None
    n: Count
    undefined: Count
    low: Real | None
    high: Real | None
    seconds: Seconds
    digest: Digest


class ModelRecord(TypedDict):
    """An explained model, how well it classifies the whole test set by the measures that its dataset has, and metrics' facts about it."""

    digest: Text
    origin: Literal["trained", "imported", "shipped"]
    precision: Text
    accuracy: NotRequired[Share | None]
    macro_f1: NotRequired[Share | None]
    macro_auc: NotRequired[Share | None]
    auc: NotRequired[list[Share | None]]
    confusion: NotRequired[list[list[Count]]]
    neutral_logits: NotRequired[list[Real]]
    explainable: NotRequired[Count]
    explainable_by_all: NotRequired[Count]
    further: NotRequired[Literal[True]]
    facts: NotRequired[Mapping[Text, Mapping[Text, Real]]]


TWINLESS: Final = "twinless"
"""Under this a model's facts say how many of the explained windows have no twin, by class and reason with `BETWEEN` between the two."""

BETWEEN: Final = ": "
"""Between the class and the reason in the names of `TWINLESS`."""

SUBMITTED: Final = "submitted"
"""Under this the provenance of accepted results says that they rest on maps that somebody handed in, and on which."""


class Handed(TypedDict):
    """The file that submitted maps come from, and what its author says of them."""

    file: Text
    reference: Text
    authors: Text
    description: Text
    saw_labels: NotRequired[bool]
    saw_test_set: NotRequired[bool]


SUBMITTED_MODELS: Final = "submitted_models"
"""Under this the provenance of accepted results says that the explained models were handed in, and in which file."""


class HandedModels(TypedDict):
    """The file that submitted models come from, and what its author says of them."""

    file: Text
    reference: Text
    authors: Text
    description: Text
    saw_test_set: bool


class Provenance(TypedDict, total=False):
    """Where and with what numbers were computed, and what is special about the source."""

    packages: Mapping[Text, Text]
    python: Text
    processor: Text
    device: Text
    date: Text
    ranked: bool
    control: Text
    bound: bool
    submitted: Handed
    submitted_models: HandedModels


@dataclass(frozen=True)
class SourceResults:
    """Everything that was accepted for one source of maps (a method, a control or a submission) under one identity.

    Attributes
    ----------
    source : the source's key
    identity : what the numbers are of
    models : by seed (as text)
    panel : by seed (as text) the digests of all models that recognise what is explained; empty where each model explains its own windows.
        A model that is not among them, and explains those windows all the same, says that it is a further one
    provenance : packages, processor, device, date
    notes : what a reader of the numbers must know about the dataset
    health : by seed (as text): share of zeros, of flat maps, error of the sum, ... of the source's maps
    artifacts : by seed (as text): keys of the attributions
    chance : by seed (as text): what a map without information scores in the mean on the seed's windows, by the name of a cell's metric
    cells : the numbers
    """

    source: Text
    identity: Identity
    models: Mapping[Seed, ModelRecord]
    panel: Mapping[Seed, Text]
    provenance: Provenance
    notes: tuple[Text, ...]
    health: Mapping[Seed, Mapping[Text, Real]]
    artifacts: Mapping[Seed, tuple[Text, ...]]
    chance: Mapping[Seed, Mapping[Text, Real]]
    cells: tuple[Cell, ...]

    @property
    def submission(self) -> Handed | None:
        """What is said of the file that the maps come from, if they were handed in."""
        return self.provenance.get(SUBMITTED)

    @property
    def submitted_models(self) -> HandedModels | None:
        """What is said of the file that the models come from, if they were handed in."""
        return self.provenance.get(SUBMITTED_MODELS)


@dataclass(frozen=True, kw_only=True)
class _File(SourceResults):
    """The same as it stands in a file, with the SHA-256 of the archive of per-window scores that belongs to it."""

    schema: Literal[3]
    archive: Digest


class OldSchemaError(ValueError):
    """A file is of the schema of before, which `migrate` brings to this one."""


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
    if isinstance(data, dict) and data.get("schema") == VERSION - 1:
        raise OldSchemaError(f"results of schema {VERSION - 1}")
    file = strictly(data, _File)
    return SourceResults(**{field.name: getattr(file, field.name) for field in fields(SourceResults)}), file.archive
