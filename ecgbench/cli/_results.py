"""`run`, `leaderboard` and `cache`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecgbench.cli._verb import DONE, FAILED, add, add_scores, say
from ecgbench.errors import InputError

if TYPE_CHECKING:
    from ecgbench.cli._verb import Verbs
    from ecgbench.pipeline import Cell


def add_run(verbs: Verbs) -> None:
    """Add the verb `run`."""
    from ecgbench.pipeline import DATA_ARGUMENTS, RUN_ARGUMENTS, SELECTION_ARGUMENTS

    verb = verbs.add_parser("run", help="compute cells of the benchmark and check them against the accepted results")
    add(verb, {**SELECTION_ARGUMENTS, **DATA_ARGUMENTS, **RUN_ARGUMENTS})
    add_scores(verb)
    verb.set_defaults(run=_run)


def add_leaderboard(verbs: Verbs) -> None:
    """Add the verb `leaderboard`."""
    verb = verbs.add_parser("leaderboard", help="write the leaderboards from the accepted results")
    verb.add_argument("--check", action="store_true", help="write nothing; fail if a page differs from what would be written")
    verb.add_argument("--out", type=Path, default=Path("leaderboards"), help="folder of the pages (default leaderboards)")
    verb.add_argument("--readme", type=Path, default=Path("README.md"), help="file with an excerpt between marks (default README.md)")
    add_scores(verb)
    verb.set_defaults(run=_leaderboard)


def add_cache(verbs: Verbs) -> None:
    """Add the verb `cache`."""
    verb = verbs.add_parser("cache", help="list, verify or prune what was computed")
    verb.add_argument("action", choices=("list", "verify", "prune"))
    verb.add_argument("--stage", help="only this stage (windows, model, ...); without it, prune removes leftovers only")
    verb.set_defaults(run=_cache)


def _run(given: argparse.Namespace) -> int:
    from tqdm import tqdm

    from ecgbench.pipeline import Run, accept, estimate_seconds, health_record, judge, options_from, selection_from

    cells = selection_from(given).cells()
    run = Run(options_from(given, time.time()), wanted=cells)
    if not cells:
        raise InputError("expected a selection that holds cells, got an empty one; see --dataset, --method, --metric and --seeds.")
    maps = dict.fromkeys((cell.dataset, cell.method, cell.seed) for cell in cells)
    seconds = estimate_seconds(cells, run.options.samples, maps, run.options.edition)
    say(f"{len(cells)} cells, at most about {seconds:.0f} s if nothing of them is in the store")
    verdicts, means = {}, {}
    for cell in tqdm(cells, unit="cell"):
        scores = run.scores(cell)
        means[cell] = scores.mean
        verdicts[cell] = judge(run, cell, scores, given.scores, given.update_scores)
    accept(run, [cell for cell, verdict in verdicts.items() if verdict.status == "updated"], given.scores)
    _say_tables(means, [health_record(run, *of) for of in maps])
    bad = [verdict.message for verdict in verdicts.values() if verdict.fails(given.check_only)]
    new = sum(verdict.status == "nothing" for verdict in verdicts.values())
    say("\n".join(["", *bad, f"{len(cells)} cells, {len(bad)} failed, {new} with no accepted result"]))
    return FAILED if bad else DONE


def _say_tables(means: Mapping[Cell, float], health: Sequence[Mapping[str, Any]]) -> None:
    from ecgbench.pipeline import health_table, score_table

    for dataset in dict.fromkeys(cell.dataset for cell in means):
        say(f"\n{score_table(dataset, means)}\n\n{health_table(dataset, health)}")


def _leaderboard(given: argparse.Namespace) -> int:
    from ecgbench.leaderboard import check_pages, write_pages

    if given.check:
        differences = check_pages(given.scores, given.out, given.readme)
        say("\n".join(differences) or "the pages are what the accepted results say")
        return FAILED if differences else DONE
    try:
        written = write_pages(given.scores, given.out, given.readme)
    except OSError as error:
        raise InputError(f"expected to write pages into {given.out}, got {error.strerror or error}; name another folder.") from error
    say("\n".join(map(str, written)))
    return DONE


def _cache(given: argparse.Namespace) -> int:
    from ecgbench.artifacts import ArtifactStore

    store = ArtifactStore()
    if given.action == "prune":
        say(f"{store.prune(given.stage)} bytes freed in {store.root}")
        return DONE
    sizes: dict[str, list[int]] = {}
    damaged = 0
    for stage, key in store:
        if given.stage in (None, stage):
            sizes.setdefault(stage, []).append(store.size(stage, key))
            damaged += given.action == "verify" and store.get(stage, key) is None
    say("\n".join([str(store.root), *(f"  {stage}: {len(of)} artifacts, {sum(of) / 1e6:.1f} MB" for stage, of in sizes.items())]))
    if given.action == "verify":
        say(f"{damaged} damaged")
    return FAILED if damaged else DONE
