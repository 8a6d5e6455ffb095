"""Windows that an author cannot know to be looked at: drawn with a secret from those beyond the public ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
from jaxtyping import Int64

from ecgbench.errors import InputError
from ecgbench.pipeline.compute.run import Run
from ecgbench.pipeline.compute.sources.submitted_maps import SubmissionSource
from ecgbench.pipeline.compute.windows.turns import share_out
from ecgbench.pipeline.grid.address import Address, ModelAddress
from ecgbench.pipeline.grid.options import Options
from ecgbench.pipeline.submissions.evaluate import submitted_run
from ecgbench.protocol import ALL
from ecgbench.types import Explained
from ecgbench.untrusted.files import regular_file

SHORTEST, LONGEST = 16, 4096
"""Bytes that a secret may have: enough that nobody guesses it, and no more than a secret needs."""

FEWEST_WINDOWS, FEWEST_PATIENTS = 10, 2
"""Held-back windows of a seed, and patients of them, without which nothing can be said."""

Index = Int64[np.ndarray, " _"]


@dataclass(frozen=True)
class Drawing:
    """Explained windows of a seed that are compared: as many held-back ones of each class as public ones.

    Attributes
    ----------
    public, held_back : (n,) places in the order of all windows that can be explained
    """

    public: Index
    held_back: Index


@dataclass(frozen=True)
class HeldBackRun:
    """A run on the public windows and the held-back ones behind them.

    Attributes
    ----------
    run : of the submission's maps of these windows
    cells : that are compared
    drawn : the windows of each seed
    """

    run: Run
    cells: tuple[Address, ...]
    drawn: Mapping[int, Drawing]


def read_secret(path: Path) -> bytes:
    """The bytes of a file that decide which windows are drawn; they are kept nowhere.

    Raises
    ------
    InputError
        If there is no such file, or it is shorter or longer than a secret is.
    """
    with regular_file(path) as (file, _):
        secret = file.read(LONGEST + 1)
    if not SHORTEST <= len(secret) <= LONGEST:
        got = len(secret) if len(secret) <= LONGEST else "more"
        raise InputError(
            f"expected a secret of {SHORTEST} to {LONGEST} bytes in {path}, got {got}; write one with `head -c 32 /dev/urandom > FILE`."
        )
    return secret


def held_back_run(path: Path, options: Options, secret: bytes, metrics: tuple[str, ...] = ()) -> HeldBackRun:
    """A run on a submission's maps of the public windows and of held-back ones.

    Parameters
    ----------
    path : of a submission whose maps are of all windows that can be explained
    options : of the run
    secret : decides which windows are held back
    metrics : keys or globs; default all

    Raises
    ------
    InputError
        If the file is none, holds maps of a subset of the windows, or too few windows are left beyond the public ones.
    """
    run, cells = submitted_run(path, replace(options, samples=ALL), metrics)
    if not cells:
        raise InputError("expected metrics by which submitted maps can be scored, got none of them; choose others with --metric.")
    source = cast(SubmissionSource, run.source(cells[0].source))
    drawn, explained, given = {}, {}, {}
    for (dataset, model, seed), maps in source.given.items():
        of = ModelAddress(dataset, model, seed)
        everything = run.explained(of)
        drawn[seed] = drawing(everything, run.spec(dataset).samples, seed, secret)
        index = np.concatenate([drawn[seed].public, drawn[seed].held_back])
        explained[of], given[dataset, model, seed] = _part(everything, index), maps[index]
    return HeldBackRun(run.narrowed(cells, [replace(source, given=given)], explained), tuple(cells), drawn)


def drawing(explained: Explained, public: int, seed: int, secret: bytes) -> Drawing:
    """The windows that are compared of a seed.

    Parameters
    ----------
    explained : all windows that can be explained, in their order
    public : how many of them, from the first, are explained unless somebody asks for others
    seed : of the model, for the error
    secret : decides the order of the others, of which as many are drawn

    Raises
    ------
    InputError
        If there are too few others.
    """
    windows, target = explained.windows, explained.target
    places = list(zip(windows.record, windows.start, strict=True))
    known = set(places[:public])  # where a window has several labels, it is public with all of them
    rest = np.array([i for i, place in enumerate(places) if place not in known], dtype=np.int64)
    order = share_out(windows.take(rest), target[rest], secret)[:public] if rest.size else rest
    found = _of_equal_classes(target, np.arange(min(public, len(target))), rest[order])
    patients = len(set(windows.patient[found.held_back]))
    if len(found.held_back) < FEWEST_WINDOWS or patients < FEWEST_PATIENTS:
        raise InputError(
            f"expected at least {FEWEST_WINDOWS} windows of {FEWEST_PATIENTS} patients beyond the public ones of seed {seed} and of their "
            f"classes, got {len(found.held_back)} of {patients}: of the {len(target)} that can be explained {min(public, len(target))} are "
            "public; take a dataset with more windows."
        )
    return found


def _of_equal_classes(target: Index, public: Index, held_back: Index) -> Drawing:
    """The first windows of both, as many of each class: else a class that is easy to explain would stand for knowledge."""
    pairs = []
    for wanted in np.unique(target):
        mine, others = public[target[public] == wanted], held_back[target[held_back] == wanted]
        count = min(len(mine), len(others))
        pairs.append((mine[:count], others[:count]))
    first, second = (np.concatenate(side) for side in zip(*pairs, strict=True))
    return Drawing(first, second)


def _part(explained: Explained, index: Index) -> Explained:
    arrays = {name: getattr(explained, name)[index] for name in ("target", "logit", "probability")}
    return replace(explained, windows=explained.windows.take(index), **arrays)
