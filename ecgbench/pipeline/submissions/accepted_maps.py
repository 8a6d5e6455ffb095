"""Whether the maps that are compared are those whose scores stand on the leaderboards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from ecgbench.errors import InputError
from ecgbench.pipeline.acceptance.identity import identity
from ecgbench.pipeline.compute.run import Run
from ecgbench.pipeline.grid.address import MapsAddress
from ecgbench.pipeline.submissions.held_back import HeldBackRun
from ecgbench.protocol import NEAR_DUPLICATE
from ecgbench.results import read_pair, results_path, sample_name, sketch
from ecgbench.results.sketches import sketched_correlation


def check_accepted_maps(found: HeldBackRun, root: Path) -> bool:
    """Compare the maps of the public windows with those of the submission of that name that was accepted below `root`.

    Without this, an author could hand in honest maps of all windows beside fitted ones that are ranked.

    Returns
    -------
    Whether anything was accepted to compare with.

    Raises
    ------
    InputError
        If other maps were accepted.
    """
    first = found.cells[0]
    usual = Run(replace(found.run.options, samples=None))
    path = results_path(root, identity(usual, first.dataset, first.model), first.source)
    if not path.exists():
        return False
    _, arrays = read_pair(path)
    differs = [seed for seed in sorted(found.drawn) if not _same(found, seed, arrays)]
    if differs:
        raise InputError(
            f"expected the maps of the public windows whose scores were accepted in {path}, got others of seed "
            f"{', '.join(map(str, differs))}; ask the author for maps of all windows that the same method made."
        )
    return True


def _same(found: HeldBackRun, seed: int, arrays: Mapping[str, np.ndarray]) -> bool:
    """Whether the maps of a seed's public windows are nearly the accepted ones, by their sketches."""
    first, public = found.cells[0], found.drawn[seed].public
    accepted = arrays.get(sample_name("sketch", seed))
    if accepted is None or len(accepted) <= public.max():
        return False
    maps = found.run.maps(MapsAddress(first.dataset, first.model, first.source, seed)).values
    return sketched_correlation(sketch(maps[: len(public)]), accepted[public]) > NEAR_DUPLICATE
