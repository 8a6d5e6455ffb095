"""What `--update-scores` writes: a run's scores become accepted results, beside those of other cells that still hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ecgbench.pipeline.acceptance.environment import provenance
from ecgbench.pipeline.acceptance.gallery import gallery
from ecgbench.pipeline.acceptance.identity import identity_of
from ecgbench.pipeline.acceptance.judge import number_of
from ecgbench.pipeline.acceptance.merge import merged
from ecgbench.pipeline.compute.run import Run
from ecgbench.pipeline.grid.address import Address, MapsAddress, ModelAddress
from ecgbench.results import Pair, SourceResults, results_path, sample_name, score_name, sketch, update_file

MEASURES = ("accuracy", "macro_f1", "macro_auc", "auc", "confusion")
"""What is kept of a model's test measures."""


def accept(run: Run, cells: Iterable[Address], root: Path) -> list[Path]:
    """Write the cells' numbers as accepted results; cells that are not among them stay as they are where the identity is the same.

    Returns
    -------
    The files that were written, one for each dataset, architecture and source.

    Raises
    ------
    ResultsError
        If accepted results of the same source cannot be read, or their folder cannot be written or locked.
    """
    groups: dict[tuple[str, str, str], list[Address]] = {}
    for cell in cells:
        groups.setdefault((cell.dataset, cell.model, cell.source), []).append(cell)
    return [_accept_source(run, group, root) for group in groups.values()]


def _accept_source(run: Run, cells: Sequence[Address], root: Path) -> Path:
    """Accept cells of one source on one dataset's models of one architecture: all is computed before the results are read and locked."""
    new = _new(run, cells)
    path = results_path(root, new[0].identity, new[0].source)
    return update_file(path, partial(merged, new))


def _new(run: Run, cells: Sequence[Address]) -> Pair:
    """The results of these cells alone, and what is kept of their windows, maps and scores."""
    own, source = identity_of(run, cells[0]), cells[0].source
    maps = [MapsAddress(own.dataset, own.model, source, seed) for seed in sorted({cell.seed for cell in cells})]
    scores = {cell: run.scores(cell) for cell in cells}
    metrics = sorted({cell.metric for cell in cells})
    models: dict[str, Any] = {str(of.seed): _model(run, of.of_model, metrics) for of in maps}
    results = SourceResults(
        source=source,
        identity=own,
        models=models,
        provenance=provenance(run, maps[0]),
        notes=run.dataset(own.dataset).notes,
        health={str(of.seed): run.health(of) for of in maps},
        artifacts={str(of.seed): run.maps(of).keys for of in maps},
        cells=tuple(number_of(run, cell, scores[cell]) for cell in cells),
    )
    arrays = {score_name(cell.variant, cell.metric, cell.seed): scores[cell].values.astype(np.float32) for cell in cells}
    for of in maps:
        arrays |= _windows(run, of) | gallery(run, of)
    return results, arrays


def _windows(run: Run, of: MapsAddress) -> dict[str, np.ndarray]:
    """What is kept of the explained windows and of their maps."""
    explained = run.explained(of.of_model)
    windows, maps = explained.windows, sketch(run.maps(of).values)
    arrays = {"record": windows.record, "patient": windows.patient, "start": windows.start, "target": explained.target, "sketch": maps}
    return {sample_name(what, of.seed): array for what, array in arrays.items()}


def _model(run: Run, of: ModelAddress, metrics: Iterable[str]) -> dict[str, Any]:
    model, explained = run.model(of), run.explained(of)
    test = {name: value for name, value in model.info["test"].items() if name in MEASURES}
    neutral = [float(value) for value in explained.neutral]
    recorded = {name: model.info[name] for name in ("origin", "precision")}
    facts = {metric: said for metric in metrics if (said := run.facts(of, metric))}
    record = {"digest": model.digest, **recorded, **test, "neutral_logits": neutral, "explainable": explained.available}
    return {**record, "facts": facts} if facts else record
