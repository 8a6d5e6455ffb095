"""`compare`."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ecgbench.cli._verb import DONE, FAILED, say
from ecgbench.errors import InputError

if TYPE_CHECKING:
    from ecgbench.cli._verb import Verbs

ABOUT = """Say what changed between two folders of accepted results, or two revisions of the clone here, as markdown for a pull request.
Exit codes: 0 if all cells, identities and models are alike (values within the metric's tolerance), 1 if not, 2 for bad input."""


def add_compare(verbs: Verbs) -> None:
    """Add the verb `compare`."""
    verb = verbs.add_parser("compare", help="say what changed between two folders or revisions of accepted results", description=ABOUT)
    what = "folder such as leaderboards/scores, a dataset's in it, or else a git revision"
    verb.add_argument("before", metavar="A", help=what)
    verb.add_argument("after", metavar="B", help=what)
    verb.add_argument("--all", action="store_true", help="show all changed cells (default: the 40 largest changes of each dataset)")
    verb.add_argument("--out", type=Path, metavar="FILE", help="write the markdown to a file")
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
    if given.out is None:
        say(page.rstrip())
    else:
        write_atomically(given.out, page.encode())
    return FAILED if any(dataset.any for dataset in found) else DONE


def _folder(text: str, unpacked: Path) -> Path:
    from ecgbench.leaderboard import unpack_revision

    return Path(text) if Path(text).is_dir() else unpack_revision(text, unpacked)
