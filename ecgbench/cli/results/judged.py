"""Cells computed and compared with what was accepted: what `run` and `evaluate` have in common."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ecgbench.cli._verb import DONE, FAILED
from ecgbench.cli.terminal.speech import say
from ecgbench.cli.terminal.tables import say_json
from ecgbench.errors import NotStoredError, RefusedError
from ecgbench.progress import progress

if TYPE_CHECKING:
    from ecgbench.pipeline import Address, Run
    from ecgbench.results import Verdict
    from ecgbench.types import Scores


def compute_and_judge(run: Run, cells: Sequence[Address], given: argparse.Namespace, failed: Sequence[str] = ()) -> int:
    """Compute cells, show and judge them as the arguments say, and accept them with --update-scores; returns the exit code.

    Parameters
    ----------
    failed : what is said of further cells, which a cluster could not compute
    """
    from ecgbench.pipeline import accept, new_cells, replaced_cells, score_and_judge
    from ecgbench.results import check_folder

    check_folder(given.scores, given.update_scores, given.allow_new)
    if run.options.store.computing:
        compute(run)
    found = {cell: score_and_judge(run, cell, given.scores, given.update_scores) for cell in cells}
    written = accept(run, [cell for cell, (_, verdict) in found.items() if verdict.status == "updated"], given.scores)
    health, unknown = _health(run, cells)
    bad = [*failed, *(verdict.message for _, verdict in found.values() if verdict.fails(given.check_only and not given.allow_new))]
    new = sum(verdict.status == "no_baseline" for _, verdict in found.values())
    told = [*new_cells(new, given.scores), *replaced_cells(written)]
    if given.json:
        say_json(
            {"cells": [_as_row(cell, *one) for cell, one in found.items()], "health": health, "failed": [*bad, *unknown], "notes": told}
        )
        return FAILED if bad or unknown else DONE
    _say_tables({cell: scores.mean for cell, (scores, _) in found.items() if scores is not None}, health)
    counts = f"{len(cells) + len(failed)} cells, {len(bad)} failed, {new} with no accepted result"
    say("\n".join(["", *bad, *unknown, counts, *told]))
    return FAILED if bad or unknown else DONE


def _as_row(cell: Address, scores: Scores | None, verdict: Verdict) -> dict[str, Any]:
    """A cell for a program."""
    numbers = {} if scores is None else {"mean": scores.mean, "undefined": scores.undefined, "seconds": scores.seconds}
    return {"id": cell.id, **cell.as_dict(), **numbers, "status": verdict.status, "message": verdict.message}


def compute(run: Run) -> None:
    """Perform the run's plan, and show how far it is."""
    with progress(what="tasks", unit="task", delay=1, leave=True) as bar:
        for _, known in run.perform():
            bar.total = known
            bar.update()


def _health(run: Run, cells: Sequence[Address]) -> tuple[list[dict[str, Any]], list[str]]:
    """Health of the maps that the cells score, and what is said of maps of which it may not be computed and is not stored."""
    from ecgbench.pipeline import health_record, not_stored

    known, unknown = [], []
    for of in dict.fromkeys(cell.of_maps for cell in cells):
        try:
            record = health_record(run, of)
        except RefusedError:
            continue  # the verdict of its cells says why
        except NotStoredError as error:
            unknown.append(not_stored(run, f"measures of the maps of {of.id}", of.flags, error))
        else:
            known += [record] if record["measures"] else []
    return known, unknown


def _say_tables(means: dict[Address, float], health: Sequence[dict[str, Any]]) -> None:
    from ecgbench.pipeline import health_tables, score_tables, verdicts

    for table in [*score_tables(means), *health_tables(health), *verdicts(means)]:
        say(f"\n{table}")
