"""Cells computed and compared with what was accepted: what `run` and `evaluate` have in common."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ecgbench.cli._verb import DONE, FAILED, say
from ecgbench.errors import NotStoredError, RefusedError

if TYPE_CHECKING:
    from ecgbench.pipeline import Address, Run


def compute_and_judge(run: Run, cells: Sequence[Address], given: argparse.Namespace) -> int:
    """Compute cells, show and judge them as the arguments say, and accept them with --update-scores; returns the exit code."""
    from ecgbench.pipeline import accept, new_cells, replaced_cells, score_and_judge
    from ecgbench.results import check_folder

    check_folder(given.scores, given.update_scores, given.allow_new)
    if run.options.store.computing:
        compute(run)
    found = {cell: score_and_judge(run, cell, given.scores, given.update_scores) for cell in cells}
    written = accept(run, [cell for cell, (_, verdict) in found.items() if verdict.status == "updated"], given.scores)
    health, unknown = _health(run, cells)
    _say_tables({cell: scores.mean for cell, (scores, _) in found.items() if scores is not None}, health)
    bad = [verdict.message for _, verdict in found.values() if verdict.fails(given.check_only and not given.allow_new)]
    new = sum(verdict.status == "no_baseline" for _, verdict in found.values())
    counts = f"{len(cells)} cells, {len(bad)} failed, {new} with no accepted result"
    say("\n".join(["", *bad, *unknown, counts, *new_cells(new, given.scores), *replaced_cells(written)]))
    return FAILED if bad or unknown else DONE


def compute(run: Run) -> None:
    """Perform the run's plan, with a progress bar."""
    from tqdm import tqdm

    with tqdm(unit="task", delay=1) as bar:
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
    from ecgbench.pipeline import health_tables, score_tables

    for table in [*score_tables(means), *health_tables(health)]:
        say(f"\n{table}")
