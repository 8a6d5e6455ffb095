"""Cells computed and compared with what was accepted: what `run` and `evaluate` have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecgbench.cli._verb import DONE, FAILED, say
from ecgbench.errors import NotStoredError

if TYPE_CHECKING:
    from ecgbench.pipeline import Cell, Run


def compute_and_judge(run: Run, cells: Sequence[Cell], scores_root: Path, update: bool, check_only: bool = False) -> int:
    """Compute cells, show and judge them, and accept them if `update`; returns the exit code."""
    from tqdm import tqdm

    from ecgbench.pipeline import accept, scored

    found = {}
    for cell in tqdm(cells, unit="cell"):
        found[cell] = scored(run, cell, scores_root, update)
    accept(run, [cell for cell, (_, verdict) in found.items() if verdict.status == "updated"], scores_root)
    health, unknown = _health(run, cells)
    _say_tables({cell: scores.mean for cell, (scores, _) in found.items() if scores is not None}, health)
    bad = [verdict.message for _, verdict in found.values() if verdict.fails(check_only)]
    new = sum(verdict.status == "no_baseline" for _, verdict in found.values())
    say("\n".join(["", *bad, *unknown, f"{len(cells)} cells, {len(bad)} failed, {new} with no accepted result"]))
    return FAILED if bad or unknown else DONE


def maps_behind(cells: Sequence[Cell]) -> list[tuple[str, str, int]]:
    """Dataset, method and seed of the methods' maps that the cells score."""
    return list(dict.fromkeys((cell.dataset, cell.method, cell.seed) for cell in cells if not cell.is_control))


def _health(run: Run, cells: Sequence[Cell]) -> tuple[list[dict[str, Any]], list[str]]:
    """Health of the maps that the cells score, and what is said of maps of which it may not be computed and is not stored."""
    from ecgbench.pipeline import health_record, not_stored

    known, unknown = [], []
    for dataset, method, seed in maps_behind(cells):
        try:
            known.append(health_record(run, dataset, method, seed))
        except NotStoredError as error:
            flags = {"dataset": dataset, "method": method, "seeds": str(seed)}
            unknown.append(not_stored(run, f"measures of the maps of {dataset}-{method}-seed{seed}", flags, error))
    return known, unknown


def _say_tables(means: Mapping[Cell, float], health: Sequence[Mapping[str, Any]]) -> None:
    from ecgbench.pipeline import health_table, score_table

    for dataset in dict.fromkeys(cell.dataset for cell in means):
        say(f"\n{score_table(dataset, means)}")
        if any(found["dataset"] == dataset for found in health):
            say(f"\n{health_table(dataset, health)}")
