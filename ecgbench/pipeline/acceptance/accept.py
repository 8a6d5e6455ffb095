"""From a run's scores to accepted results: the judgement of a cell, and what `--update-scores` writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ecgbench.datasets import DATASETS
from ecgbench.errors import ResultsError
from ecgbench.methods import METHODS
from ecgbench.pipeline.acceptance.environment import packages, provenance, source
from ecgbench.pipeline.acceptance.gallery import gallery
from ecgbench.pipeline.compute.health import illness
from ecgbench.pipeline.compute.run import Run
from ecgbench.pipeline.grid.cells import Cell, metric_names, split_metric, variant_name
from ecgbench.protocol import ALL, OURS
from ecgbench.results import Cell as Number
from ecgbench.results import (
    Fresh,
    Identity,
    SourceResults,
    Verdict,
    compare,
    mean_interval,
    read_pair,
    results_path,
    sample_name,
    score_digest,
    score_name,
    sketch,
    write_file,
)
from ecgbench.types import Scores

SUBMITTED = "submitted"
"""Under this the provenance of accepted results says that they rest on maps that somebody handed in, and on which."""


def judge(run: Run, cell: Cell, scores: Scores, root: Path, update: bool = False) -> Verdict:
    """Whether the maps behind a cell are healthy and its scores stand by what was accepted below `root`.

    A control's maps may be anything, such as constant. With `update` they are about to be accepted and are compared with nothing.

    Raises
    ------
    ResultsError
        If the accepted results cannot be read.
    """
    maps = run.maps(cell.dataset, cell.seed, cell.method)
    ill = "" if cell.is_control else illness(maps.health, run.entry(cell.method), run.options.protocol)
    if ill:
        return Verdict("unhealthy", f"{cell.id}: {ill}; look at the method's maps before its scores")
    if update:
        return Verdict("updated", f"{cell.id}: to be accepted")
    own, model = identity(run, cell.dataset), run.model(cell.dataset, cell.seed).digest
    path = results_path(root, own, cell.method)
    fresh = Fresh(cell.id, _number(run, cell, scores), own, model, packages())
    return compare(fresh, run.accepted(path), split_metric(cell.metric)[0].atol, accept_command(run, cell))


def lost_cells(run: Run, dataset: str, seed: int, root: Path) -> list[str]:
    """Accepted cells of a dataset and seed whose method or metric is no longer registered, by their ids.

    Those of submitted maps are left out: no method computes them again, only the maps' own file.
    """
    names, own = metric_names(dataset), identity(run, dataset)
    files = [results for path in sorted((root / own.folder / own.model).glob("*.json")) if (results := run.accepted(path)) is not None]
    accepted = [(results.source, cell) for results in files if SUBMITTED not in results.provenance for cell in results.cells]
    cells = [Cell(dataset, method, number.variant, number.metric, number.seed) for method, number in accepted]
    return [cell.id for cell in cells if cell.seed == seed and _gone(cell, names)]


def _gone(cell: Cell, metrics: Collection[str]) -> bool:
    return cell.metric not in metrics or (cell.method not in METHODS and not cell.is_control)


def accept(run: Run, cells: Iterable[Cell], root: Path) -> list[Path]:
    """Write the cells' numbers as accepted results; cells that are not among them stay as they are where the identity is the same.

    Returns
    -------
    The files that were written, one for each dataset and method.
    """
    groups: dict[tuple[str, str], list[Cell]] = defaultdict(list)
    for cell in cells:
        groups[cell.dataset, cell.method].append(cell)
    return [_accept_method(run, dataset, method, group, root) for (dataset, method), group in groups.items()]


def _accept_method(run: Run, dataset: str, method: str, cells: list[Cell], root: Path) -> Path:
    own = identity(run, dataset)
    held, scores = _held(run, own, method, root)
    seeds = sorted({cell.seed for cell in cells})
    numbers = {}
    for cell in cells:
        scored = run.scores(cell)
        numbers[cell.variant, cell.metric, cell.seed] = _number(run, cell, scored)
        scores[score_name(cell.variant, cell.metric, cell.seed)] = scored.values.astype(np.float32)
    for seed in seeds:
        scores.update(_samples(run, dataset, seed, method) | gallery(run, dataset, seed, method))
    kept = {} if held is None else _still_valid(run, held, numbers)
    scores = {name: array for name, array in scores.items() if _belongs(name, {**kept, **numbers})}
    results = SourceResults(
        source=method,
        identity=own,
        models=_merged(held, "models", {str(seed): _model(run, dataset, seed) for seed in seeds}),
        provenance=provenance(run, dataset, seeds[0], method),
        notes=run.dataset(dataset).notes,
        health=_merged(held, "health", {str(seed): run.health(dataset, seed, method) for seed in seeds}),
        artifacts=_merged(held, "artifacts", {str(seed): run.maps(dataset, seed, method).keys for seed in seeds}),
        cells=tuple(number for _, number in sorted({**kept, **numbers}.items())),
    )
    return write_file(results, scores, root)


Numbers = dict[tuple[str, str, int], Number]


def _held(run: Run, own: Identity, method: str, root: Path) -> tuple[SourceResults | None, dict[str, np.ndarray]]:
    """What is accepted for the same identity and source; a file that cannot be read counts as none, since it is about to be replaced."""
    try:
        held, scores = read_pair(results_path(root, own, method))
        same = held.identity == own and held.provenance.get(SUBMITTED) == source(run, method).get(SUBMITTED)
        return (held, scores) if same else (None, {})
    except ResultsError:
        return None, {}


def _still_valid(run: Run, held: SourceResults, new: Numbers) -> Numbers:
    """Accepted cells that are kept: those of seeds whose model is the one that was explained."""
    fresh = {seed for _, _, seed in new}
    digests = {seed: model["digest"] for seed, model in held.models.items()}
    same = {seed for seed in fresh if digests.get(str(seed)) == run.model(held.identity.dataset, seed).digest}
    return {(c.variant, c.metric, c.seed): c for c in held.cells if c.seed not in fresh or c.seed in same}


def _belongs(name: str, numbers: Numbers) -> bool:
    first, middle, seed = name.split("/")
    if first in ("samples", "gallery"):
        return any(key[2] == int(seed) for key in numbers)
    return (first, middle, int(seed)) in numbers


def _merged(held: SourceResults | None, field: str, new: Mapping[str, Any]) -> dict[str, Any]:
    old = {} if held is None else getattr(held, field)
    return dict(sorted({**old, **new}.items()))


def _samples(run: Run, dataset: str, seed: int, method: str) -> dict[str, np.ndarray]:
    """What is kept of the explained windows and of their maps."""
    explained = run.explained(dataset, seed)
    windows, maps = explained.windows, sketch(run.maps(dataset, seed, method).values)
    arrays = {"record": windows.record, "patient": windows.patient, "start": windows.start, "target": explained.target, "sketch": maps}
    return {sample_name(what, seed): array for what, array in arrays.items()}


def _number(run: Run, cell: Cell, scores: Scores) -> Number:
    low, high = mean_interval(scores.values, run.explained(cell.dataset, cell.seed).windows.patient)
    defined = len(scores.values) - scores.undefined
    return Number(
        variant=cell.variant,
        metric=cell.metric,
        seed=cell.seed,
        value=scores.mean if defined else None,
        n=defined,
        undefined=scores.undefined,
        low=low,
        high=high,
        seconds=round(scores.seconds, 6),
        digest=score_digest(scores.values),
    )


def _model(run: Run, dataset: str, seed: int) -> dict[str, Any]:
    model, explained = run.model(dataset, seed), run.explained(dataset, seed)
    test = {name: value for name, value in model.info["test"].items() if name in ("accuracy", "macro_f1", "macro_auc", "auc", "confusion")}
    neutral = [float(value) for value in explained.neutral]
    recorded = {name: model.info[name] for name in ("origin", "precision")}
    return {"digest": model.digest, **recorded, **test, "neutral_logits": neutral, "explainable": explained.available}


def identity(run: Run, dataset: str) -> Identity:
    """What must be the same for two values of a cell to be compared."""
    loaded, numbers = run.dataset(dataset), run.numbers(dataset)
    samples: int | Literal["all"] = run.options.samples_of(numbers) or ALL
    return Identity(
        dataset=dataset,
        differs=_differs(run, dataset, samples),
        model=numbers.recipe.architecture,
        edition=loaded.edition,
        split=loaded.split,
        labels=loaded.labels,
        protocol=run.options.protocol,
        samples=samples,
        simulated=loaded.simulated,
        windows=loaded.key,
    )


def _differs(run: Run, dataset: str, samples: int | Literal["all"]) -> str:
    """What differs from the dataset's default identity."""
    loaded, options, entry = run.dataset(dataset), run.options, DATASETS[dataset]
    labels, split = entry.usual(options.protocol)
    differs = [
        ("" if options.protocol == OURS else options.protocol),
        ("" if loaded.labels == labels else f"labels-{loaded.labels}"),
        ("" if loaded.split == split else f"split-{loaded.split}"),
        ("" if loaded.edition == entry.edition_names[0] else loaded.edition.rpartition("@")[2]),
        ("" if samples == run.numbers(dataset).samples else f"samples-{samples}"),
        ("simulated" if loaded.simulated else ""),
    ]
    return "+".join(filter(None, differs))


def accept_command(run: Run, cell: Cell) -> str:
    """The command that accepts the cell's new value."""
    if cell.method in run.given:
        return run.given[cell.method].command
    return f"{compute_command(run, cell_flags(cell))} --update-scores"


def compute_command(run: Run, flags: Mapping[str, str]) -> str:
    """The command that computes with the run's options what flags such as "dataset" select."""
    return " ".join(["pytest benchmark", *(f"--{name} {value}" for name, value in flags.items()), *run_flags(run)])


def cell_flags(cell: Cell) -> dict[str, str]:
    """The flags that select one cell."""
    method = variant_name(cell.method, cell.variant)
    return {"dataset": cell.dataset, "method": method, "metric": cell.metric, "seeds": str(cell.seed)}


def run_flags(run: Run) -> list[str]:
    """Command-line options that restore the run's own."""
    o = run.options
    samples = [] if o.samples is None else [f"--samples {o.samples}"]
    given = {"labels": o.labels, "split": o.split, "edition": o.edition, "protocol": None if o.protocol == OURS else o.protocol}
    return samples + [f"--{name} {value}" for name, value in given.items() if value]
