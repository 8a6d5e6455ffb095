"""`leaderboard`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ecgbench.cli._verb import DONE, FAILED, FILE, FOLDER, TEXT, add_scores, scores_of
from ecgbench.cli.terminal.speech import say
from ecgbench.errors import InputError

if TYPE_CHECKING:
    from ecgbench.cli.terminal.parser import Parser
    from ecgbench.leaderboard.site.build import Explore

SITE = Path("build/site")
"""Where the site is written unless the user says otherwise."""

NO_EXPLORER = "none"

README = Path("README.md")


def fill_leaderboard(verb: Parser) -> None:
    """Arguments of the verb `leaderboard`."""
    verb.add_argument("--check", action="store_true", help="write nothing; fail if a page differs from what would be written")
    verb.add_argument("--out", type=FOLDER, default=Path("leaderboards"), help="folder of the pages (default leaderboards)")
    verb.add_argument("--readme", type=FILE, help="file with an excerpt between marks (default README.md, in a clone)")
    verb.add_argument("--open", action="store_true", help="build a site of the pages, which are not written, and open it in the browser")
    verb.add_argument("--site", type=FOLDER, metavar="DIR", help=f"build the site in this folder (default of --open: {SITE})")
    what = "datasets or models of the site's explorer, such as svdb,synthetic-vit1d_narrow-seed1, globs allowed, or none; what the store"
    what += " doesn't hold is computed (default: a model of each embedded dataset, with methods that take little time)"
    verb.add_argument("--explorer", type=TEXT, metavar="NAMES", help=what)
    add_scores(verb)
    verb.set_defaults(run=_leaderboard)


def _leaderboard(given: argparse.Namespace) -> int:
    from ecgbench.leaderboard import check_pages, write_pages
    from ecgbench.results import results_root

    given.scores = scores_of(given)
    if given.readme is None and results_root().is_dir():
        given.readme = README
    if given.site or given.open:
        return _site(given)
    if given.explorer is not None:
        raise InputError("expected --explorer with --site or --open, got neither; name the site's folder.")
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


def _explore(names: str | None) -> Explore | None:
    """What finds the windows of the site's explorer; nothing where none is wanted."""
    if names == NO_EXPLORER:
        return None
    from ecgbench.pipeline import Options
    from ecgbench.report.explorer import named_models, shown_models, usual_models

    wanted = usual_models() if names is None else named_models(names.split(","))
    return lambda orders: shown_models(wanted, Options(), orders)


def _site(given: argparse.Namespace) -> int:
    import webbrowser

    from ecgbench.leaderboard import write_site

    if given.check:
        raise InputError("expected --check or a site, got both; ask for one after the other.")
    index = write_site(given.scores, given.site or SITE, given.out, _explore(given.explorer))
    say(str(index))
    if given.open and not webbrowser.open(index.resolve().as_uri()):
        say("no browser was found; open the file in one")
    return DONE
