"""What `--update-scores` writes: a run's scores become accepted results, beside those of other cells that still hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ecgbench.errors import RefusedError
from ecgbench.pipeline.acceptance.chance import chance_levels
from ecgbench.pipeline.acceptance.environment import provenance
from ecgbench.pipeline.acceptance.gallery import gallery
from ecgbench.pipeline.acceptance.identity import identity_of, panel_digests
from ecgbench.pipeline.acceptance.judge import number_of
from ecgbench.pipeline.acceptance.merge import Place, merged, replaced
from ecgbench.pipeline.acceptance.missed_sums import refuse_missed_sum
from ecgbench.pipeline.compute.run import Run
from ecgbench.pipeline.grid.address import Address, MapsAddress, ModelAddress, metric_bounds, split_metric
from ecgbench.protocol import COMMON, PREDICTED
from ecgbench.results import (
    TWINLESS,
    Pair,
    Refusal,
    SourceResults,
    add_refusal,
    drop_refusals,
    results_path,
    sample_name,
    score_name,
    sketch,
    update_file,
)

MEASURES = ("accuracy", "macro_f1", "macro_auc", "auc", "confusion")
"""What is kept of a model's test measures."""


MAX_LISTED = 5
"""Files of which a line says how many accepted cells were replaced."""


@dataclass(frozen=True)
class Accepted:
    """A file of accepted results that was written.

    Attributes
    ----------
    path : of the file
    replaced : accepted cells that were in it and did not hold any more, being of another identity, other submitted maps or another model
    anew : those of them that have a new value
    """

    path: Path
    replaced: tuple[Place, ...]
    anew: tuple[Place, ...]

    @property
    def name(self) -> str:
        """What tells the file from others: its dataset's folder, model and source."""
        return "/".join([*self.path.parts[-3:-1], self.path.stem])


def accept(run: Run, cells: Iterable[Address], root: Path) -> list[Accepted]:
    """Write the cells' numbers as accepted results; cells that are not among them stay as they are where the identity is the same.

    Returns
    -------
    What was written: a file for each dataset, architecture and source that has scores. Of a method that cannot explain a model, the refusal
    is written instead.

    Raises
    ------
    ResultsError
        If accepted results of the same source cannot be read, or their folder cannot be written or locked.
    """
    groups: dict[tuple[str, str, str], list[Address]] = {}
    for cell in cells:
        groups.setdefault((cell.dataset, cell.model, cell.source), []).append(cell)
    scored = [_without_refused(run, group, root) for group in groups.values()]
    return [_accept_source(run, group, root) for group in scored if group]


def _without_refused(run: Run, cells: Sequence[Address], root: Path) -> list[Address]:
    """The cells of one source that have scores; the refusals of the others are written."""
    scored, reasons = [], {}
    for cell in cells:
        try:
            run.scores(cell)
            refuse_missed_sum(run, cell.of_maps, root, update=True)
        except RefusedError as error:
            reasons[str(cell.seed)] = str(error)
        else:
            scored.append(cell)
    if reasons:
        add_refusal(root, Refusal(cells[0].source, identity_of(run, cells[0]), reasons))
    return scored


def replaced_cells(written: Sequence[Accepted]) -> list[str]:
    """What a run says in the end of accepted cells that did not hold any more: a line, or none if there are no such cells."""
    files = [file for file in written if file.replaced]
    if not files:
        return []
    gone, anew = sum(len(file.replaced) for file in files), sum(len(file.anew) for file in files)
    listed = [f"{file.name} {len(file.replaced)}" for file in files[:MAX_LISTED]]
    more = [f"and {len(files) - MAX_LISTED} files more"] if len(files) > MAX_LISTED else []
    what = f"{gone} accepted cell{'s' if gone > 1 else ''} of another identity, submission or model"
    return [f"{what} replaced, {gone - anew} of them without a new value: {', '.join(listed + more)}."]


def _accept_source(run: Run, cells: Sequence[Address], root: Path) -> Accepted:
    """Accept cells of one source on one dataset's models of one architecture: all is computed before the results are read and locked."""
    new = _new(run, cells)
    gone: list[Place] = []

    def merge(held: Pair | None) -> Pair:
        gone.extend([] if held is None else replaced(new[0], held[0]))
        return merged(new, held)

    path = update_file(results_path(root, new[0].identity, new[0].source), merge, metric_bounds)
    drop_refusals(root, new[0].identity, new[0].source, {str(cell.seed) for cell in cells})
    places = {(cell.variant, cell.metric, cell.seed) for cell in cells}
    return Accepted(path, tuple(gone), tuple(place for place in gone if place in places))


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
        panel=panel_digests(run, maps[0].of_model),
        provenance=provenance(run, source),
        notes=run.dataset(own.dataset).notes,
        health={str(of.seed): run.health(of) for of in maps},
        artifacts={str(of.seed): run.maps(of).keys for of in maps},
        chance={str(of.seed): chance_levels(run, of.of_model) for of in maps},
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
    if run.options.explained == PREDICTED:
        arrays |= {"right": explained.right, "probability": explained.probability.astype(np.float32)}
    return {sample_name(what, of.seed): array for what, array in arrays.items()}


def _model(run: Run, of: ModelAddress, metrics: Iterable[str]) -> dict[str, Any]:
    model, explained = run.model(of), run.explained(of)
    test = {name: value for name, value in model.info["test"].items() if name in MEASURES}
    neutral = [float(value) for value in explained.neutral]
    recorded = {name: model.info[name] for name in ("origin", "precision")}
    counts = {"explainable": explained.available}
    if run.options.explained == COMMON:
        counts["explainable_by_all"] = explained.common
    further = {} if of in run.panel(of) else {"further": True}
    record = {"digest": model.digest, **recorded, **test, "neutral_logits": neutral, **counts, **further}
    facts = {metric: said for metric in metrics if (said := run.facts(of, metric))}
    if run.options.explained == PREDICTED:
        facts |= {f"{metric} where wrong": said for metric in metrics if (said := run.facts(of, metric, ~explained.right))}
    if explained.twinless:
        facts[TWINLESS] = {reason: float(count) for reason, count in explained.twinless.items()}
    if any("donor" in split_metric(metric)[0].asks for metric in metrics):
        donorless = Counter(filter(None, run.subject(of).donors.reason.tolist()))
        facts |= {"donorless": {reason: float(count) for reason, count in donorless.items()}} if donorless else {}
    return {**record, "facts": facts} if facts else record
