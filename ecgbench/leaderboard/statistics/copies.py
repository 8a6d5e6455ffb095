"""Submissions that are what stands on the board already: such a row is shown, with the reason, and not ranked.

Two rows are the same if their maps are nearly equal (by their sketches), or if all their scores are: a map that was scaled, given another
sign or made absolute has another sketch, but not other scores.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import numpy as np

from ecgbench.results import SourceResults, near_duplicates, sample_name

Archive = Mapping[str, np.ndarray]

LEAST_METRICS, CLOSE = 3, 1e-5
"""Metrics that two rows must share for their scores to tell them the same, and how far apart two such scores may be."""


def is_submitted(results: SourceResults) -> bool:
    """Whether the maps that were scored were handed in."""
    return results.submission is not None


def copies(everything: Mapping[str, SourceResults], archives: Mapping[str, Archive]) -> dict[str, str]:
    """Submissions that are copies, each with the name of the method, control or earlier submission that it is a copy of.

    Parameters
    ----------
    everything : accepted results of methods, controls and submissions, by name
    archives : per-window arrays beside them
    """
    found: dict[str, str] = {}
    for name in sorted(everything, key=lambda name: _age(everything, name)):
        if not is_submitted(everything[name]):
            continue
        older = sorted(other for other in everything if _age(everything, other) < _age(everything, name))
        original = next((other for other in older if _same(archives[name], archives[other])), None)
        if original is not None:
            found[name] = original
    return found


def _age(everything: Mapping[str, SourceResults], name: str) -> tuple[bool, str, str]:
    """What is older comes first: whatever was not submitted, then submissions by the date on which they were accepted."""
    results = everything[name]
    return is_submitted(results), str(results.provenance.get("date", "")) if is_submitted(results) else "", name


def _same(archive: Archive, other: Archive) -> bool:
    return bool(near_duplicates({"one": _sketches(archive), "other": _sketches(other)})) or _same_scores(archive, other)


def _sketches(archive: Archive) -> dict[str, np.ndarray]:
    prefix = sample_name("sketch", 0)[:-1]
    return {name.removeprefix(prefix): array for name, array in archive.items() if name.startswith(prefix)}


def _same_scores(archive: Archive, other: Archive) -> bool:
    """Whether some variant's scores are those of some variant of the other, window by window."""
    mine, theirs = _by_variant(archive), _by_variant(other)
    return any(_equal(mine[variant], theirs[another]) for variant, another in product(mine, theirs))


def _by_variant(archive: Archive) -> Mapping[str, Archive]:
    """Scores by variant, then by metric and seed."""
    found: dict[str, dict[str, np.ndarray]] = {}
    for name, array in archive.items():
        variant, _, cell = name.partition("/")
        if variant in ("raw", "abs"):
            found.setdefault(variant, {})[cell] = array
    return found


def _equal(scores: Archive, others: Archive) -> bool:
    common = [name for name in scores if name in others and scores[name].shape == others[name].shape]
    metrics = {name.partition("/")[0] for name in common if np.ptp(np.nan_to_num(scores[name])) > 0}
    if len(metrics) < LEAST_METRICS:
        return False
    return all(np.allclose(scores[name], others[name], rtol=0, atol=CLOSE, equal_nan=True) for name in common)
