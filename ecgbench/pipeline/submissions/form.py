"""A method's maps as one file that can be handed on: what it says of them, and how it is written."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Annotated, Any, Literal

import numpy as np
from msgspec import Meta, to_builtins

from ecgbench.controls import CONTROLS
from ecgbench.errors import InputError
from ecgbench.methods import METHODS
from ecgbench.pipeline.acceptance.identity import identity
from ecgbench.pipeline.compute.run import Run
from ecgbench.pipeline.compute.sources.health import illness, map_health
from ecgbench.pipeline.grid.address import ModelAddress
from ecgbench.pipeline.submissions.expected_windows import ExplainedDigests, windows_of
from ecgbench.pipeline.submissions.header import TEXT_LIMIT, Form, as_form, refusal, untrusted_json
from ecgbench.results import Identity
from ecgbench.results.reading.leaves import Digest
from ecgbench.types import Attributions
from ecgbench.untrusted.safetensors_header import OWN
from ecgbench.untrusted.texts import file_name, seen_text

FORMAT: Literal[4] = 4
"""Version of the file's form."""

NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")
REFERENCE = re.compile(r"doi:10\.\S+|arXiv:\S+|https?://\S+")
REGISTRIES = (METHODS, CONTROLS)
"""Whose keys a submission's name must not be."""

LINE_LIMIT = 2000
"""Characters that a line of a text may have."""

Line = Annotated[str, Meta(max_length=LINE_LIMIT)]
Seed = Annotated[str, Meta(pattern=r"^(0|[1-9][0-9]{0,8})\Z")]


class WindowsIdentity(Form, frozen=True):
    """What a file says of the windows that its maps explain, beside the dataset and the seeds; see `Identity`."""

    model: Line
    edition: Line
    split: Line
    labels: Line
    protocol: Literal["ours"]
    samples: Annotated[int, Meta(ge=1, le=1 << 31)] | Literal["all"]
    explained: Literal["common", "own", "predicted"]
    simulated: bool
    windows: Digest


class _Text(Form, frozen=True):
    """The text in a file's header."""

    format: Literal[4]
    dataset: Line
    identity: WindowsIdentity
    seeds: Annotated[dict[Seed, ExplainedDigests], Meta(min_length=1, max_length=99)]
    name: Line
    reference: Line
    authors: Line
    description: Line
    saw_labels: bool
    saw_test_set: bool


@dataclass(frozen=True)
class About:
    """What an author says of a method.

    Attributes
    ----------
    name : what the leaderboards call it
    reference : "doi:...", "arXiv:..." or a URL
    authors, description : a line each, or empty
    saw_labels : whether the maps were made with knowledge of the labels or of the beat annotations
    saw_test_set : whether the method, or its options, was chosen by what it gives on the test set
    """

    name: str
    reference: str
    authors: str = ""
    description: str = ""
    saw_labels: bool = field(kw_only=True)
    saw_test_set: bool = field(kw_only=True)


@dataclass(frozen=True)
class Contents:
    """What a submission's file says of its maps.

    Attributes
    ----------
    about : the method
    dataset : key of the dataset
    identity : of the windows, as `described` gives it
    seeds : by seed the digests of what is explained
    """

    about: About
    dataset: str
    identity: WindowsIdentity
    seeds: Mapping[int, ExplainedDigests]

    @property
    def model(self) -> str:
        """Name of the models that are explained."""
        return self.identity.model


def check_about(about: About) -> None:
    """Refuse a name that cannot stand beside the methods', and texts that a page or a terminal would not show as they are.

    Raises
    ------
    InputError
        If there are any.
    """
    name = about.name
    if not NAME.fullmatch(name) or name.endswith("_abs"):
        raise InputError(
            f"expected a name of 2 to 40 small letters, digits and underscores that does not end in _abs, got {name!a}; name another."
        )
    file_name("a name", name)
    if any(name in registry for registry in REGISTRIES):
        raise InputError(f'expected a name that no method of the benchmark has, got "{name}"; name another.')
    check_reference(about.reference)
    for what, said in asdict(about).items():
        if isinstance(said, str):
            check_line(what, said)


def check_reference(text: str) -> None:
    """Refuse what is no DOI, arXiv number or URL.

    Raises
    ------
    InputError
        If it is none.
    """
    if not REFERENCE.fullmatch(text):
        raise InputError(f"expected a reference as doi:10..., arXiv:... or a URL, got {ascii(text)[:200]}; write it like that.")


def check_line(what: str, text: str) -> None:
    """Refuse a text that a page or a terminal would not show as it is, on one line.

    Raises
    ------
    InputError
        If it is one.
    """
    if not text.isprintable() or set(text) & set("<>`") or len(text) > LINE_LIMIT:
        raise InputError(
            f"expected {what} as one line of at most {LINE_LIMIT} printable characters without <, > and `, got "
            f"{ascii(text)[:200]}; write it so."
        )
    seen_text(what, text)


def check_maps(maps: Attributions, seed: int) -> None:
    """Refuse maps that would be unhealthy, were they a method's.

    Raises
    ------
    InputError
        If they are.
    """
    ill = illness(map_health(maps, {}), None)
    if ill:
        raise InputError(f"{ill} of seed {seed}; look at what the method returns.")


def pack(run: Run, dataset: str, model: str, maps: Mapping[int, Attributions], about: About) -> bytes:
    """The safetensors file of a method's maps.

    Parameters
    ----------
    dataset, model : key of the dataset and name of the models that are explained
    maps : (n, leads, time) float32 of the explained windows, by seed

    Raises
    ------
    InputError
        If what is said of the method cannot be shown, or maps are unhealthy.
    """
    from safetensors.numpy import save

    check_about(about)
    for seed in maps:
        check_maps(maps[seed], seed)
    seeds = {seed: windows_of(run, ModelAddress(dataset, model, seed)) for seed in sorted(maps)}
    contents = Contents(about, dataset, described(identity(run, dataset, model)), seeds)
    text = as_text(contents)
    read_text(text)
    # `save` writes an array's memory as it lies there.
    return save({tensor_name(seed): np.ascontiguousarray(array) for seed, array in maps.items()}, {OWN: text})


def described(identity: Identity) -> WindowsIdentity:
    """What a file says of the windows that its maps explain, beside the dataset and the seeds."""
    return WindowsIdentity(**{name: getattr(identity, name) for name in WindowsIdentity.__struct_fields__})


def tensor_name(seed: int) -> str:
    """Name of a seed's maps in the file."""
    return f"maps/{seed}"


def as_text(contents: Contents) -> str:
    """The text in the file's header."""
    said = {"dataset": contents.dataset, "identity": to_builtins(contents.identity), "seeds": to_builtins(contents.seeds)}
    text = json.dumps({"format": FORMAT, **said, **asdict(contents.about)}, sort_keys=True, allow_nan=False)
    if len(text) > TEXT_LIMIT:
        raise InputError(f"expected at most {TEXT_LIMIT} characters about the method, got {len(text)}; shorten the description.")
    return text


def read_text(text: str) -> Contents:
    """What a header's text says, checked.

    Raises
    ------
    InputError
        If it is not as `as_text` writes it, or what it says of the method cannot be shown.
    """
    data = untrusted_json(text)
    _check_format(data)
    said = as_form(data, _Text)
    about = About(**{one.name: getattr(said, one.name) for one in fields(About)})
    check_about(about)
    shown = [said.dataset, *(value for value in to_builtins(said.identity).values() if isinstance(value, str))]
    if not all(value.isprintable() for value in shown):
        raise refusal("a name that cannot be printed")
    return Contents(about, said.dataset, said.identity, {int(seed): said.seeds[seed] for seed in said.seeds})


def _check_format(data: Any) -> None:
    """Refuse a file of an earlier format with the remedy; whatever else is wrong is said where the form is checked."""
    given = data.get("format") if isinstance(data, dict) else None
    if type(given) is int and 0 < given < FORMAT:
        raise InputError(
            f"expected a submission of format {FORMAT}, of windows that the models of all seeds recognise, got one of format {given}; make "
            "maps of those that `ecgbench windows` writes now, and pack them with `ecgbench submit`."
        )
