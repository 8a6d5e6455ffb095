"""`run`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ecgbench.cli._verb import add, add_scores, scores_of
from ecgbench.cli.results.judged import compute_and_judge
from ecgbench.cli.terminal.speech import say
from ecgbench.cli.terminal.tables import add_json
from ecgbench.errors import InputError

if TYPE_CHECKING:
    from ecgbench.cli.terminal.parser import Parser
    from ecgbench.pipeline import Address, Run


def fill_run(verb: Parser) -> None:
    """Arguments of the verb `run`."""
    from ecgbench.pipeline import CLUSTER_ARGUMENTS, DATA_ARGUMENTS, RUN_ARGUMENTS, SELECTION_ARGUMENTS

    add(verb, {**SELECTION_ARGUMENTS, **DATA_ARGUMENTS, **RUN_ARGUMENTS, **CLUSTER_ARGUMENTS})
    add_scores(verb)
    add_json(verb)
    verb.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    cluster = _cluster_of(given)
    from ecgbench.pipeline import Run, options_from, selection_from

    given.scores = scores_of(given)
    cells = selection_from(given).cells()
    run = Run(options_from(given, time.time()), wanted=cells)
    if not cells:
        raise InputError("expected a selection that holds cells, got an empty one; see --dataset, --method, --metric and --seeds.")
    if not given.json:
        _say_estimate(run, cells)
    if cluster is None:
        return compute_and_judge(run, cells, given)
    return _by_cluster(cluster, run, cells, given)


def _cluster_of(given: argparse.Namespace) -> str | None:
    """The cluster that the arguments name, which starts beside the imports that follow."""
    from ecgbench.pipeline import cluster_from, prepare_cluster

    cluster = cluster_from(given)
    if cluster is not None:
        prepare_cluster(cluster)
    return cluster


def _by_cluster(cluster: str, run: Run, cells: Sequence[Address], given: argparse.Namespace) -> int:
    """Let a cluster fill the store, and judge what it could compute."""
    from ecgbench.pipeline import Run, failed_cells, fill_by
    from ecgbench.results import check_folder

    check_folder(given.scores, given.update_scores, given.allow_new)
    failed = failed_cells(fill_by(cluster, run, lambda line: None if given.json else say(line)), cells)
    left = [cell for cell in cells if cell not in failed]
    return compute_and_judge(Run(run.options, wanted=left), left, given, [f"{cell.id}: {why}" for cell, why in failed.items()])


def _say_estimate(run: Run, cells: Sequence[Address]) -> None:
    from ecgbench.pipeline import estimate_seconds, healthy_maps, networks_at_hand, training_note

    if not run.options.store.computing:
        say(f"{len(cells)} cells, of which nothing is computed")
        return
    o = run.options
    seconds = estimate_seconds(cells, o.samples, healthy_maps(cells), o.edition, networks_at_hand(run), o.device)
    say(f"{len(cells)} cells, at most about {seconds:.0f} s if nothing of them is in the store")
    note = training_note(run, cells)
    if note:
        say(note)
