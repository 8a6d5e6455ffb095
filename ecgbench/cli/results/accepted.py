"""`compare`, `scores` and `results`: what verbs do with accepted results."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ecgbench.cli._files import check_out
from ecgbench.cli._verb import DONE, FAILED, FILE, FOLDER, SEED, TEXT, add_scores, scores_of
from ecgbench.cli.terminal.speech import say
from ecgbench.cli.terminal.tables import add_json, say_json
from ecgbench.errors import InputError

if TYPE_CHECKING:
    from ecgbench.cli.terminal.parser import Parser

ABOUT = """Say what changed between two folders of accepted results, or two revisions of the clone here, as markdown for a pull request.
Exit codes: 0 if all cells, identities and models are alike (values within the metric's tolerance), 1 if not, 2 for bad input."""


def fill_compare(verb: Parser) -> None:
    """Arguments of the verb `compare`."""
    what = "folder such as leaderboards/scores, a dataset's in it, or else a git revision"
    verb.add_argument("before", type=TEXT, metavar="A", help=what)
    verb.add_argument("after", type=TEXT, metavar="B", help=what)
    verb.add_argument("--all", action="store_true", help="show all changed cells (default: the 40 largest changes of each dataset)")
    verb.add_argument("--out", type=FILE, metavar="FILE", help="write the markdown to a file")
    add_json(verb)
    verb.set_defaults(run=_compare)


def _compare(given: argparse.Namespace) -> int:
    from ecgbench.artifacts import write_atomically
    from ecgbench.leaderboard import changes, changes_page

    if given.out is not None and not given.out.parent.is_dir():
        raise InputError(f'expected --out in a folder that is there, got "{given.out}"; make the folder or name another.')
    with tempfile.TemporaryDirectory() as unpacked:
        before, after = (_folder(text, Path(unpacked) / side) for side, text in (("A", given.before), ("B", given.after)))
        found = changes(before, after)
    page = changes_page(found, given.before, given.after, **({"limit": None} if given.all else {}))
    if given.out is not None:
        write_atomically(given.out, page.encode())
    if given.json:
        say_json(found)
    elif given.out is None:
        say(page.rstrip())
    return FAILED if any(dataset.any for dataset in found) else DONE


def _folder(text: str, unpacked: Path) -> Path:
    from ecgbench.leaderboard import unpack_revision

    return Path(text) if Path(text).is_dir() else unpack_revision(text, unpacked)


def fill_trace(verb: Parser) -> None:
    """Arguments of the verb `scores`."""
    verb.add_argument("dataset", type=TEXT, help="folder of the accepted results, such as mitdb or ptbxl@100hz")
    verb.add_argument("--method", type=TEXT, required=True, help="key of the method, or of a control")
    verb.add_argument("--metric", type=TEXT, required=True, help="key of the metric, such as auc or auc_causal")
    verb.add_argument("--variant", choices=("raw", "abs"), default="raw", help="signed or absolute maps (default raw)")
    verb.add_argument("--seed", type=SEED, help="list the windows of this seed only; the numbers are over all")
    verb.add_argument("--csv", type=FILE, help="also write the windows to this .csv file")
    add_scores(verb)
    add_json(verb)
    verb.set_defaults(run=_scores)


def _scores(given: argparse.Namespace) -> int:
    from ecgbench.artifacts import write_atomically
    from ecgbench.leaderboard.trace import trace

    check_out(given.csv, ".csv", "--csv")
    traced = trace(scores_of(given), given.dataset, given.method, given.metric, given.variant, given.seed)
    if given.csv is not None:
        write_atomically(given.csv, traced.csv)
    if given.json:
        say_json({"name": traced.name, "windows": traced.windows.to_dict("records"), "numbers": traced.numbers})
        return DONE
    say(traced.text)
    if given.csv is not None:
        say(f"\n{len(traced.windows)} windows written to {given.csv}")
    return DONE


def fill_results(verb: Parser) -> None:
    """Arguments of the verb `results`."""
    verb.add_argument("action", choices=("migrate",))
    verb.add_argument("folder", nargs="?", type=FOLDER, default=Path("leaderboards/scores"), help="accepted results of all datasets")
    verb.set_defaults(run=_results)


def _results(given: argparse.Namespace) -> int:
    from ecgbench.results import migrate

    if not given.folder.is_dir():
        raise InputError(f'expected a folder of accepted results, got "{given.folder}"; name one, such as leaderboards/scores.')
    moved = migrate(given.folder)
    say("\n".join([*map(str, moved), f"{len(moved)} files brought to this schema"]))
    return DONE
