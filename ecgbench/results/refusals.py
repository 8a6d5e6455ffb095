"""Accepted refusals: methods that cannot explain the models of an architecture, and why.

A file `<dataset>[@what differs]/<model>/refused/<method>.json` stands where the method's results would otherwise be missing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Literal

from ecgbench.artifacts import write_atomically
from ecgbench.errors import ResultsError
from ecgbench.printable import quoted
from ecgbench.results.identity import Identity
from ecgbench.results.reading.leaves import Seed, Text
from ecgbench.untrusted.files import read_bounded
from ecgbench.untrusted.json_text import strict_json, strictly

VERSION: Literal[1] = 1
"""Of the files' schema."""

FOLDER = "refused"
"""Folder of the refusals, beside the accepted results of the same models."""

LARGEST_TEXT = 1 << 20
"""Bytes that a file of refusals may have."""


@dataclass(frozen=True)
class Refusal:
    """Why a method has no scores of a dataset's models.

    Attributes
    ----------
    source : key of the method
    identity : of the scores that there would be
    reasons : by the seed of the model, as text
    """

    source: Text
    identity: Identity
    reasons: Mapping[Seed, Text]


@dataclass(frozen=True, kw_only=True)
class _File(Refusal):
    """The same as it stands in a file."""

    schema: Literal[1]


def refusal_path(root: Path, identity: Identity, source: str) -> Path:
    """File of a method's refusals below the folder of the accepted results."""
    return root / identity.folder / identity.model / FOLDER / f"{source}.json"


def read_refusal(path: Path) -> Refusal | None:
    """The refusals in a file; None if there is no such file.

    Raises
    ------
    ResultsError
        If it cannot be read, or is not of the schema.
    """
    if not path.exists():
        return None
    try:
        file = strictly(strict_json(read_bounded(path, LARGEST_TEXT).decode()), _File)
        said = (file.identity.folder, file.identity.model, file.source)
        if said != (path.parents[2].name, path.parents[1].name, path.stem):
            raise ValueError(f"those of {', '.join(said)}")
    except (OSError, ValueError) as error:
        raise ResultsError(
            f"expected a method's accepted refusals in {path}, got {quoted(str(error))}; take the file back from version control, or "
            "remove it and accept new ones with `--update-scores`."
        ) from error
    return Refusal(**{field.name: getattr(file, field.name) for field in fields(Refusal)})


def read_refusals(folder: Path) -> list[Refusal]:
    """All refusals beside the accepted results of a folder, by method (see `read_refusal`)."""
    found = (read_refusal(path) for path in sorted((folder / FOLDER).glob("*.json")))
    return [refusal for refusal in found if refusal is not None]


def add_refusal(root: Path, new: Refusal) -> Path:
    """Write refusals beside those of other seeds that are there already, where these are of the same identity."""
    path = refusal_path(root, new.identity, new.source)
    held = read_refusal(path)
    reasons = {**(held.reasons if held is not None and held.identity == new.identity else {}), **new.reasons}
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, replace(new, reasons=dict(sorted(reasons.items()))))
    return path


def drop_refusals(root: Path, identity: Identity, source: str, seeds: set[str]) -> None:
    """Remove what was accepted as refused and is not refused any more: these seeds, and all of another identity."""
    path = refusal_path(root, identity, source)
    held = read_refusal(path)
    if held is None:
        return
    left = {seed: reason for seed, reason in held.reasons.items() if seed not in seeds and held.identity == identity}
    if left:
        _write(path, replace(held, reasons=left))
        return
    path.unlink()
    if not any(path.parent.iterdir()):
        path.parent.rmdir()


def _write(path: Path, refusal: Refusal) -> None:
    text = json.dumps({"schema": VERSION, **asdict(refusal)}, indent=1, allow_nan=False) + "\n"
    write_atomically(path, text.encode())
