"""The command line: every verb is a call into the layers below.

Exit codes: 0 done, 1 a check failed, 2 wrong use or bad input, 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ecgbench.cli._accepted import add_compare, add_results, add_trace
from ecgbench.cli._cache import add_cache
from ecgbench.cli._data import add_datasets, add_download, add_verify
from ecgbench.cli._entries import add_entries
from ecgbench.cli._models import add_explain, add_train
from ecgbench.cli._results import add_leaderboard, add_run
from ecgbench.cli._simulate import add_simulate
from ecgbench.cli._submissions import add_evaluate, add_submit, add_windows
from ecgbench.cli._verb import INTERRUPTED, WRONG_USE, Parser
from ecgbench.errors import EcgbenchError

VERBS = (
    *(add_datasets, add_entries, add_download, add_verify, add_simulate, add_train, add_explain, add_run),
    *(add_windows, add_submit, add_evaluate, add_leaderboard, add_compare, add_trace, add_results, add_cache),
)
"""What adds each verb, in the order of the help."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    given = _parser().parse_args(arguments)
    try:
        code: int = given.run(given)
    except EcgbenchError as error:
        print(f"ecgbench {given.verb}: {error}", file=sys.stderr)  # noqa: T201
        return WRONG_USE
    except KeyboardInterrupt:
        print("ecgbench: interrupted; what was computed is kept, the same command goes on.", file=sys.stderr)  # noqa: T201
        return INTERRUPTED
    return code


def _parser() -> Parser:
    parser = Parser(prog="ecgbench", description="Which feature attribution method to trust on an ECG classifier.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for add in VERBS:
        add(verbs)
    return parser
