"""`scores`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ecgbench.cli._files import check_out
from ecgbench.cli._verb import DONE, add_scores, say, seed_number

if TYPE_CHECKING:
    from ecgbench.cli._verb import Verbs


def add_trace(verbs: Verbs) -> None:
    """Add the verb `scores`."""
    verb = verbs.add_parser("scores", help="show the per-window scores behind a cell of the leaderboards, and its numbers from them")
    verb.add_argument("dataset", help="folder of the accepted results, such as mitdb or ptbxl@100hz")
    verb.add_argument("--method", required=True, help="key of the method, or of a control")
    verb.add_argument("--metric", required=True, help="key of the metric, such as auc or auc_causal")
    verb.add_argument("--variant", choices=("raw", "abs"), default="raw", help="signed or absolute maps (default raw)")
    verb.add_argument("--seed", type=seed_number, help="list the windows of this seed only; the numbers are over all")
    verb.add_argument("--csv", type=Path, help="also write the windows to this .csv file")
    add_scores(verb)
    verb.set_defaults(run=_scores)


def _scores(given: argparse.Namespace) -> int:
    from ecgbench.artifacts import write_atomically
    from ecgbench.leaderboard.pages.trace import trace

    check_out(given.csv, ".csv", "--csv")
    traced = trace(given.scores, given.dataset, given.method, given.metric, given.variant, given.seed)
    say(traced.text)
    if given.csv is not None:
        write_atomically(given.csv, traced.csv)
        say(f"\n{len(traced.windows)} windows written to {given.csv}")
    return DONE
