"""What `--update-scores` writes: a run's scores become accepted results, beside those of other cells that still hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ecgbench.errors import ResultsError
from ecgbench.pipeline.acceptance.environment import provenance
from ecgbench.pipeline.acceptance.gallery import gallery
from ecgbench.pipeline.acceptance.identity import identity_of
from ecgbench.pipeline.acceptance.judge import number_of
from ecgbench.pipeline.compute.map_sources import SUBMITTED
from ecgbench.pipeline.compute.run import Run
from ecgbench.pipeline.grid.address import Address, MapsAddress, ModelAddress
from ecgbench.results import Cell as Number
from ecgbench.results import Identity, SourceResults, read_pair, results_path, sample_name, score_name, sketch, write_file

Numbers = dict[tuple[str, str, int], Number]
"""Accepted numbers by variant, metric and seed."""

Arrays = dict[str, np.ndarray]

MEASURES = ("accuracy", "macro_f1", "macro_auc", "auc", "confusion")
"""What is kept of a model's test measures."""


def accept(run: Run, cells: Iterable[Address], root: Path) -> list[Path]:
    """Write the cells' numbers as accepted results; cells that are not among them stay as they are where the identity is the same.

    Returns
    -------
    The files that were written, one for each dataset, architecture and source.
    """
    groups: dict[tuple[str, str, str], list[Address]] = {}
    for cell in cells:
        groups.setdefault((cell.dataset, cell.model, cell.source), []).append(cell)
    return [_accept_source(run, group, root) for group in groups.values()]


def _accept_source(run: Run, cells: Sequence[Address], root: Path) -> Path:
    """Accept cells of one source on one dataset's models of one architecture."""
    own, source = identity_of(run, cells[0]), cells[0].source
    held, arrays = _held(run, own, source, root)
    numbers, fresh = _fresh(run, cells)
    kept = {} if held is None else _still_valid(run, held, numbers)
    cells_of_file = {**kept, **numbers}
    maps = [MapsAddress(own.dataset, own.model, source, seed) for seed in sorted({cell.seed for cell in cells})]
    results = SourceResults(
        source=source,
        identity=own,
        models=_merged(held, "models", {str(of.seed): _model(run, of.of_model) for of in maps}),
        provenance=provenance(run, maps[0]),
        notes=run.dataset(own.dataset).notes,
        health=_merged(held, "health", {str(of.seed): run.health(of) for of in maps}),
        artifacts=_merged(held, "artifacts", {str(of.seed): run.maps(of).keys for of in maps}),
        cells=tuple(number for _, number in sorted(cells_of_file.items())),
    )
    return write_file(results, _belonging({**arrays, **fresh}, cells_of_file), root)


def _fresh(run: Run, cells: Sequence[Address]) -> tuple[Numbers, Arrays]:
    """The cells' numbers, and what is kept of their windows, maps and scores."""
    numbers: Numbers = {}
    arrays: Arrays = {}
    for cell in cells:
        scores = run.scores(cell)
        numbers[cell.variant, cell.metric, cell.seed] = number_of(run, cell, scores)
        arrays[score_name(cell.variant, cell.metric, cell.seed)] = scores.values.astype(np.float32)
    for of in dict.fromkeys(cell.of_maps for cell in cells):
        arrays |= _windows(run, of) | gallery(run, of)
    return numbers, arrays


def _held(run: Run, own: Identity, source: str, root: Path) -> tuple[SourceResults | None, Arrays]:
    """What is accepted for the same identity and source; a file that cannot be read counts as none, since it is about to be replaced."""
    try:
        held, arrays = read_pair(results_path(root, own, source))
    except ResultsError:
        return None, {}
    same_maps = held.provenance.get(SUBMITTED) == run.source(source).provenance().get(SUBMITTED)
    return (held, dict(arrays)) if held.identity == own and same_maps else (None, {})


def _still_valid(run: Run, held: SourceResults, new: Numbers) -> Numbers:
    """Accepted numbers that are kept: those of seeds whose model is the one that was explained."""
    kept: Numbers = {}
    for number in held.cells:
        if number.seed not in {seed for _, _, seed in new} or _same_model(run, held, number.seed):
            kept[number.variant, number.metric, number.seed] = number
    return kept


def _same_model(run: Run, held: SourceResults, seed: int) -> bool:
    of = ModelAddress(held.identity.dataset, held.identity.model, seed)
    recorded = held.models.get(str(seed))
    return recorded is not None and recorded["digest"] == run.model(of).digest


def _belonging(arrays: Arrays, numbers: Numbers) -> Arrays:
    """The arrays that belong to the numbers: their scores, and the windows and gallery of their seeds."""
    seeds = {seed for _, _, seed in numbers}
    scores = {score_name(*place) for place in numbers}
    return {name: array for name, array in arrays.items() if name in scores or _is_of_seeds(name, seeds)}


def _is_of_seeds(name: str, seeds: Iterable[int]) -> bool:
    first, _, seed = name.split("/")
    return first in ("samples", "gallery") and int(seed) in seeds


def _merged(held: SourceResults | None, field: str, new: Mapping[str, Any]) -> dict[str, Any]:
    old = {} if held is None else getattr(held, field)
    return dict(sorted({**old, **new}.items()))


def _windows(run: Run, of: MapsAddress) -> Arrays:
    """What is kept of the explained windows and of their maps."""
    explained = run.explained(of.of_model)
    windows, maps = explained.windows, sketch(run.maps(of).values)
    arrays = {"record": windows.record, "patient": windows.patient, "start": windows.start, "target": explained.target, "sketch": maps}
    return {sample_name(what, of.seed): array for what, array in arrays.items()}


def _model(run: Run, of: ModelAddress) -> dict[str, Any]:
    model, explained = run.model(of), run.explained(of)
    test = {name: value for name, value in model.info["test"].items() if name in MEASURES}
    neutral = [float(value) for value in explained.neutral]
    recorded = {name: model.info[name] for name in ("origin", "precision")}
    return {"digest": model.digest, **recorded, **test, "neutral_logits": neutral, "explainable": explained.available}
