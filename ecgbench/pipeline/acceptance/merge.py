"""New results beside those that were accepted: which accepted cells still hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, cast

import numpy as np

from ecgbench.pipeline.compute.map_sources import SUBMITTED
from ecgbench.results import Cell, ModelRecord, Pair, SourceResults, score_name

Place = tuple[str, str, int]
"""Variant, metric and seed of a cell."""


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
    cells = {_place(cell): cell for cell in held.cells if _same_model(results, held, str(cell.seed))}
    cells |= {_place(cell): cell for cell in results.cells}
    together = replace(
        results,
        models=_together(held.models, {seed: _with_facts(results, held, seed) for seed in results.models}),
        health=_together(held.health, results.health),
        artifacts=_together(held.artifacts, results.artifacts),
        cells=tuple(cells.values()),
    )
    return _in_order(together), _of_cells({**held_arrays, **arrays}, cells)


def _comparable(new: SourceResults, held: SourceResults) -> bool:
    """Whether accepted results are of the same windows and options, and of submitted maps if they are of the same file."""
    return held.identity == new.identity and held.provenance.get(SUBMITTED) == new.provenance.get(SUBMITTED)


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


def _is_of_seeds(name: str, seeds: Collection[int]) -> bool:
    first, _, seed = name.split("/")
    return first in ("samples", "gallery") and int(seed) in seeds
