"""The command line: every verb is a call into the layers below.

Exit codes: 0 done, 1 a check failed, 2 wrong use or bad input, 130 interrupted, 141 nobody reads on.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence

from ecgbench.cli._accepted import add_compare, add_results, add_trace
from ecgbench.cli._cache import add_cache
from ecgbench.cli._data import add_datasets, add_download, add_verify
from ecgbench.cli._entries import add_entries
from ecgbench.cli._models import add_explain, add_train
from ecgbench.cli._rate import add_rate
from ecgbench.cli._report import add_report
from ecgbench.cli._results import add_leaderboard, add_run
from ecgbench.cli._simulate import add_simulate
from ecgbench.cli._submissions import add_evaluate, add_submit, add_windows
from ecgbench.cli._verb import INTERRUPTED, UNREAD, WRONG_USE, Parser, UnreadError, complain
from ecgbench.errors import EcgbenchError
from ecgbench.untrusted.texts import refuse_lost_values

VERBS = (
    *(add_datasets, add_entries, add_download, add_verify, add_simulate, add_train, add_explain, add_run, add_report, add_rate),
    *(add_windows, add_submit, add_evaluate, add_leaderboard, add_compare, add_trace, add_results, add_cache),
)
"""What adds each verb, in the order of the help."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    given = Namespace(verb=None)
    try:
        return _run(sys.argv[1:] if arguments is None else list(arguments), given)
    except (UnreadError, BrokenPipeError):
        return UNREAD
    except EcgbenchError as error:
        return _refused(given, str(error))
    except OSError as error:
        return _refused(given, _unusable(error))
    except KeyboardInterrupt:
        complain("ecgbench: interrupted; what was computed is kept, the same command goes on.")
        return INTERRUPTED


def _run(arguments: list[str], given: Namespace) -> int:
    refuse_lost_values(arguments)
    _parser().parse_args(arguments, given)
    code: int = given.run(given)
    return code


def _refused(given: Namespace, why: str) -> int:
    complain(f"{' '.join(filter(None, ('ecgbench', given.verb)))}: {why}")
    return WRONG_USE


def _unusable(error: OSError) -> str:
    """What the system says of a file that the user named, or of the place of one."""
    what = f'"{error.filename}"' if error.filename else "a file or folder"
    return f"expected files and folders that can be read and written, got {what} ({error.strerror or error}); mend that or name another."


def _parser() -> Parser:
    parser = Parser(prog="ecgbench", description="Which feature attribution method to trust on an ECG classifier.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for add in VERBS:
        add(verbs)
    return parser
