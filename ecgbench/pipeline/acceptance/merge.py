"""New results beside those that were accepted: which accepted cells still hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, cast

import numpy as np

from ecgbench.results import Cell, ModelRecord, Pair, SourceResults, gallery_name, score_name, shown_name

Place = tuple[str, str, int]
"""Variant, metric and seed of a cell."""

GALLERIES = {"gallery": gallery_name, "shown": shown_name}
"""How the arrays of the two kinds of galleries are named, by what their names begin with."""


def merged(new: Pair, accepted: Pair | None) -> Pair:
    """New results of a source with the accepted cells that still hold: those of the same identity and maps, and of the same models.

    Parameters
    ----------
    new, accepted : results and arrays of one file; None if nothing was accepted
    """
    results, arrays = new
    if accepted is None or not _comparable(results, accepted[0]):
        return _in_order(results), arrays
    held, held_arrays = accepted
    cells = {_place(cell): cell for cell in held.cells if _holds(cell, results, held)}
    cells |= {_place(cell): cell for cell in results.cells}
    together = replace(
        results,
        models=_together(held.models, {seed: _with_facts(results, held, seed) for seed in results.models}),
        health=_together(held.health, results.health),
        artifacts=_together(held.artifacts, results.artifacts),
        chance=_together(held.chance, results.chance),
        cells=tuple(cells.values()),
    )
    return _in_order(together), _without_stale_galleries(_of_cells({**_without_galleries(held_arrays, arrays), **arrays}, cells))


def replaced(new: SourceResults, held: SourceResults) -> list[Place]:
    """Places of the accepted cells that do not hold beside new results, in the order of the file."""
    return [_place(cell) for cell in held.cells if not _holds(cell, new, held)]


def _holds(cell: Cell, new: SourceResults, held: SourceResults) -> bool:
    """Whether an accepted cell is of what the new results are of."""
    return _comparable(new, held) and _same_model(new, held, str(cell.seed))


def _comparable(new: SourceResults, held: SourceResults) -> bool:
    """Whether accepted results are of the same windows and options, and of submitted maps if they are of the same file.

    With another model among those whose common windows are explained, the windows of every seed are others.
    """
    return (held.identity, held.panel, held.submission) == (new.identity, new.panel, new.submission)


def _same_model(new: SourceResults, held: SourceResults, seed: str) -> bool:
    """Whether the model of a seed is still the one that was explained; one of which there is nothing new is."""
    return seed not in new.models or (seed in held.models and held.models[seed]["digest"] == new.models[seed]["digest"])


def _with_facts(new: SourceResults, held: SourceResults, seed: str) -> ModelRecord:
    """A new model's record, with the facts of accepted cells' metrics that still hold."""
    model = new.models[seed]
    facts = {
        **(held.models[seed].get("facts", {}) if seed in held.models and _same_model(new, held, seed) else {}),
        **model.get("facts", {}),
    }
    return cast(ModelRecord, {**model, "facts": facts}) if facts else model


def _place(cell: Cell) -> Place:
    return cell.variant, cell.metric, cell.seed


def _in_order(results: SourceResults) -> SourceResults:
    return replace(results, cells=tuple(sorted(results.cells, key=_place)))


def _together(held: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    return dict(sorted({**held, **new}.items()))


def _of_cells(arrays: Mapping[str, np.ndarray], places: Collection[Place]) -> dict[str, np.ndarray]:
    """The arrays that belong to cells: their scores, and the windows and gallery of their seeds."""
    seeds = {seed for _, _, seed in places}
    scores = {score_name(*place) for place in places}
    return {name: array for name, array in arrays.items() if name in scores or _is_of_seeds(name, seeds)}


def _without_stale_galleries(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays without galleries that were chosen by other scores than are accepted now: by a variant that is not accepted anew."""
    stale = {
        (first, seed)
        for first, what, seed in map(_parts, arrays)
        if first in GALLERIES and what == "variant" and _is_stale(arrays, first, int(seed))
    }
    return {name: array for name, array in arrays.items() if (_parts(name)[0], _parts(name)[2]) not in stale}


def _is_stale(arrays: Mapping[str, np.ndarray], first: str, seed: int) -> bool:
    variant, metric, window, score = (arrays[GALLERIES[first](what, seed)] for what in ("variant", "metric", "window", "score"))
    accepted = arrays.get(score_name(str(variant), str(metric), seed))
    return accepted is not None and not np.array_equal(accepted[window], score, equal_nan=True)


def _without_galleries(held: Mapping[str, np.ndarray], new: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The held arrays without the galleries of seeds that have a new one, of whichever kind."""
    anew = {_parts(name)[2] for name in new if _parts(name)[0] in GALLERIES}
    return {name: array for name, array in held.items() if _parts(name)[0] not in GALLERIES or _parts(name)[2] not in anew}


def _parts(name: str) -> list[str]:
    return name.split("/")


def _is_of_seeds(name: str, seeds: Collection[int]) -> bool:
    first, _, seed = _parts(name)
    return first in ("samples", *GALLERIES) and int(seed) in seeds
