"""Cells computed and compared with what was accepted: what `run` and `evaluate` have in common."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecgbench.cli._verb import DONE, FAILED, say
from ecgbench.errors import NotStoredError

if TYPE_CHECKING:
    from ecgbench.pipeline import Address, Run


def compute_and_judge(run: Run, cells: Sequence[Address], scores_root: Path, update: bool, check_only: bool = False) -> int:
    """Compute cells, show and judge them, and accept them if `update`; returns the exit code."""
    from ecgbench.pipeline import accept, score_and_judge

    if run.options.store.computing:
        compute(run)
    found = {cell: score_and_judge(run, cell, scores_root, update) for cell in cells}
    accept(run, [cell for cell, (_, verdict) in found.items() if verdict.status == "updated"], scores_root)
    health, unknown = _health(run, cells)
    _say_tables({cell: scores.mean for cell, (scores, _) in found.items() if scores is not None}, health)
    bad = [verdict.message for _, verdict in found.values() if verdict.fails(check_only)]
    new = sum(verdict.status == "no_baseline" for _, verdict in found.values())
    say("\n".join(["", *bad, *unknown, f"{len(cells)} cells, {len(bad)} failed, {new} with no accepted result"]))
    return FAILED if bad or unknown else DONE


def compute(run: Run) -> None:
    """Perform the run's plan, with a progress bar."""
    from tqdm import tqdm

    with tqdm(unit="task") as bar:
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
        except NotStoredError as error:
            unknown.append(not_stored(run, f"measures of the maps of {of.id}", of.flags, error))
        else:
            known += [record] if record["measures"] else []
    return known, unknown


def _say_tables(means: dict[Address, float], health: Sequence[dict[str, Any]]) -> None:
    from ecgbench.pipeline import health_tables, score_tables

    for table in [*score_tables(means), *health_tables(health)]:
        say(f"\n{table}")
