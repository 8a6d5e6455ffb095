"""`results`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ecgbench.cli._verb import DONE, say
from ecgbench.errors import InputError

if TYPE_CHECKING:
    from ecgbench.cli._verb import Verbs


def add_results(verbs: Verbs) -> None:
    """Add the verb `results`."""
    verb = verbs.add_parser("results", help="bring accepted results of an older schema to this one; no value changes")
    verb.add_argument("action", choices=("migrate",))
    verb.add_argument("folder", nargs="?", type=Path, default=Path("leaderboards/scores"), help="accepted results of all datasets")
    verb.add_argument("--model", help="architecture of the models of datasets that are not registered here")
    verb.set_defaults(run=_results)


def _results(given: argparse.Namespace) -> int:
    from ecgbench.datasets import DATASETS
    from ecgbench.leaderboard.statistics.board import default_model
    from ecgbench.results import migrate

    def model_of(dataset: str) -> str:
        return given.model if given.model and dataset not in DATASETS else default_model(dataset)

    if not given.folder.is_dir():
        raise InputError(f'expected a folder of accepted results, got "{given.folder}"; name one, such as leaderboards/scores.')
    moved = migrate(given.folder, model_of)
    say("\n".join([*map(str, moved), f"{len(moved)} files brought to this schema"]))
    return DONE
