"""The judgement of a cell: whether its maps are healthy and its scores stand by what was accepted, and which accepted cells are lost."""

from __future__ import annotations

from pathlib import Path

from ecgbench.controls import CONTROLS
from ecgbench.methods import METHODS
from ecgbench.pipeline.acceptance.environment import packages
from ecgbench.pipeline.acceptance.identity import accept_command, identity_of, panel_digests
from ecgbench.pipeline.compute.run import Run
from ecgbench.pipeline.grid.address import Address, MapsAddress, ModelAddress, metric_names, split_metric
from ecgbench.results import Cell as Number
from ecgbench.results import Fresh, Verdict, compare, mean_interval, read_refusal, refusal_path, results_path, score_digest
from ecgbench.types import Scores


def judge(run: Run, cell: Address, scores: Scores, root: Path, update: bool = False) -> Verdict:
    """Whether the maps behind a cell are healthy and its scores stand by what was accepted below `root`.

    With `update` they are about to be accepted and are compared with nothing; accepted results beside which they go must be readable.

    Raises
    ------
    ResultsError
        If the accepted results cannot be read.
    """
    ill = run.source(cell.source).illness(run.maps(cell.of_maps).health, run.options.protocol)
    if ill:
        return Verdict("unhealthy", f"{cell.id}: {ill}; look at the method's maps before its scores")
    own, model = identity_of(run, cell), run.model(cell.of_model).digest
    accepted = run.accepted(results_path(root, own, cell.source))
    if update:
        return Verdict("updated", f"{cell.id}: to be accepted")
    panel = panel_digests(run, cell.of_model)
    entry = split_metric(cell.metric)[0]
    fresh = Fresh(cell.id, number_of(run, cell, scores), own, model, panel, packages(), entry.by_default)
    return compare(fresh, accepted, entry.atol, accept_command(run, cell))


def judge_refusal(run: Run, cell: Address, reason: str, root: Path, update: bool = False) -> Verdict:
    """What is said of a cell whose method cannot explain the model: it stands by an accepted refusal, and never by an accepted value.

    Parameters
    ----------
    reason : why not
    update : whether the refusal is about to be accepted

    Raises
    ------
    ResultsError
        If the accepted results or refusals cannot be read.
    """
    own = identity_of(run, cell)
    accepted, said = run.accepted(results_path(root, own, cell.source)), f"{cell.id}: not applicable, {reason}"
    if accepted is not None and accepted.identity == own and any(number.seed == cell.seed for number in accepted.cells):
        path = results_path(root, own, cell.source)
        return Verdict("changed", f"{said} Values of this seed are accepted in {path}; mend the method, or remove them with their .npz.")
    if update:
        return Verdict("updated", said)
    return Verdict("accepted" if is_accepted_refusal(run, cell.of_maps, root) else "no_baseline", said)


def is_accepted_refusal(run: Run, of: MapsAddress, root: Path) -> bool:
    """Whether it is accepted below `root` that the method does not apply to this model.

    Raises
    ------
    ResultsError
        If the accepted refusals cannot be read.
    """
    own = identity_of(run, of.of_model)
    held = read_refusal(refusal_path(root, own, of.source))
    return held is not None and held.identity == own and str(of.seed) in held.reasons


def new_cells(count: int, root: Path) -> list[str]:
    """What a run says in the end of cells that were compared with nothing: a line, or none if there are no such cells."""
    if not count:
        return []
    what = "1 cell was" if count == 1 else f"{count} cells were"
    return [f"{what} compared with nothing: no value is accepted below {root}; --update-scores accepts the new ones."]


def number_of(run: Run, cell: Address, scores: Scores) -> Number:
    """A cell's scores as the number that accepted results hold."""
    low, high = mean_interval(scores.values, run.explained(cell.of_model).windows.patient)
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


def lost_cells(run: Run, of: ModelAddress, root: Path) -> list[str]:
    """Accepted cells of a model whose method or metric is no longer registered, by their ids.

    Those of submitted maps are left out: no method computes them again, only the maps' own file.
    """
    own, lost = identity_of(run, of), []
    for path in sorted((root / own.folder / own.model).glob("*.json")):
        results = run.accepted(path)
        if results is None or results.submission is not None:
            continue
        for number in results.cells:
            cell = Address(of.dataset, of.model, results.source, number.variant, number.metric, number.seed)
            if cell.seed == of.seed and _is_lost(cell):
                lost.append(cell.id)
    return lost


def _is_lost(cell: Address) -> bool:
    return cell.metric not in metric_names(cell.dataset) or (cell.source not in METHODS and cell.source not in CONTROLS)
