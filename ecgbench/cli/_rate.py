"""`rate`: a blinded reader study of attribution maps in the browser, its answers and its tables."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ecgbench.cli._files import check_out
from ecgbench.cli._verb import DONE, FILE, SEED, TEXT, add, add_model, chosen_model, count
from ecgbench.cli.terminal.speech import say
from ecgbench.errors import InputError

if TYPE_CHECKING:
    from ecgbench.cli.terminal.parser import Parser
    from ecgbench.rating import Design, Ratings

LARGEST_PORT, MOST_CASES = 65_535, 10_000
RATINGS = Path("ratings.sqlite")
CASES = 12
"""Cases unless the user says otherwise: with four methods some eighty screens a rater."""

RATER = "rater 1"
"""Who rates unless the user names others."""

PAGES = (".html", ".md")


def fill_rate(verb: Parser) -> None:
    """Arguments of the verb `rate`."""
    from ecgbench.pipeline import DATA_ARGUMENTS, RUN_ARGUMENTS

    verb.add_argument("dataset", type=TEXT, nargs="?", help="whose explained windows are rated; the same command resumes")
    verb.add_argument("--export", type=FILE, metavar="SQLITE", help="write the answers of this file as a table (.csv) instead")
    verb.add_argument("--report", type=FILE, metavar="SQLITE", help="write what the answers of this file say (.html or .md) instead")
    verb.add_argument("--out", type=FILE, help=f"file of the answers (default {RATINGS}), of the table or of the report")
    verb.add_argument(
        "--method",
        type=TEXT,
        action="append",
        default=[],
        metavar="KEY",
        help="repeatable, globs; KEY_abs: absolute maps (default: four)",
    )
    verb.add_argument("--samples", type=count("--samples", MOST_CASES), default=CASES, metavar="N", help=f"cases (default {CASES})")
    verb.add_argument(
        "--raters", type=TEXT, nargs="+", metavar="NAME", help=f'names (default "{RATER}"); new ones join a study that has begun'
    )
    verb.add_argument("--seed", type=SEED, default=0, help="of the order of cases and methods (default 0)")
    verb.add_argument("--host", type=TEXT, default="127.0.0.1", help="address (default 127.0.0.1); on others raters need their links")
    verb.add_argument("--port", type=count("--port", LARGEST_PORT), default=8765, help="default 8765")
    add_model(verb)
    add(verb, {**DATA_ARGUMENTS, "--device": RUN_ARGUMENTS["--device"]})
    verb.set_defaults(run=_rate)


def _rate(given: argparse.Namespace) -> int:
    wanted = [what for what in (given.dataset, given.export, given.report) if what is not None]
    if len(wanted) != 1:
        raise InputError(f"expected one of a dataset, --export and --report, got {len(wanted)}; see `ecgbench rate --help`.")
    if given.export is not None:
        return _export(given)
    return _serve(given) if given.report is None else _report(given)


def _export(given: argparse.Namespace) -> int:
    from ecgbench.artifacts import write_atomically
    from ecgbench.rating import Ratings, answers, as_csv

    out = given.out or given.export.with_suffix(".csv")
    check_out(out, ".csv")
    table = answers(Ratings(given.export))
    write_atomically(out, as_csv(table).encode())
    say(f"{len(table)} answers written to {out}")
    return DONE


def _report(given: argparse.Namespace) -> int:
    from ecgbench.artifacts import write_atomically
    from ecgbench.rating import Ratings, as_html, as_markdown, summary

    out = given.out or given.report.with_suffix(".html")
    if out.suffix not in PAGES:
        raise InputError(f'expected --out as a file {" or ".join(PAGES)}, got "{out}"; name it so.')
    check_out(out, out.suffix)
    markdown = as_markdown(summary(Ratings(given.report)))
    write_atomically(out, (as_html(markdown) if out.suffix == ".html" else markdown).encode())
    say(f"{markdown}\nwritten to {out}")
    return DONE


def _serve(given: argparse.Namespace) -> int:
    from ecgbench.rating import addresses, listen

    out = given.out or RATINGS
    check_out(out, ".sqlite")
    ratings = _ratings(given, out)
    serve = listen(ratings, given.host, given.port)  # refuses before anybody is sent a link
    links = [f"{name}: {address}" for name, address in addresses(ratings, given.host, given.port).items()]
    say("\n".join([f"answers go to {out}; end with Ctrl-C, the same command resumes", *links]))
    serve()
    return DONE


def _ratings(given: argparse.Namespace, out: Path) -> Ratings:
    """The study in the file, or a new one where there is none."""
    from ecgbench.rating import Ratings, check_extra

    check_extra()
    design = _design(given)
    if out.exists():
        ratings = Ratings(out)
        ratings.check_design(design)
        ratings.join(given.raters or ())
        return ratings
    return _new_study(given, design, out)


def _design(given: argparse.Namespace) -> Design:
    from ecgbench.rating import Design, shown_maps

    of = chosen_model(argparse.Namespace(**{**vars(given), "seed": None}))
    choice = {name: value for name in ("labels", "split", "edition") if (value := getattr(given, name)) is not None}
    return Design(
        of.dataset, of.model, of.seed, choice, given.samples, shown_maps(given.method), tuple(given.raters or [RATER]), given.seed
    )


def _new_study(given: argparse.Namespace, design: Design, out: Path) -> Ratings:
    from ecgbench.pipeline import ModelAddress, Run, options_from
    from ecgbench.protocol import COMMON, OURS, PRECISIONS
    from ecgbench.rating import Ratings, cases_of

    usual = {"protocol": OURS, "explained": COMMON, "precision": PRECISIONS[0], "retrain": False, "update_scores": False}
    options = argparse.Namespace(**{**vars(given), **usual, "check_only": False, "samples": str(given.samples)})
    run, of = Run(options_from(options, time.time())), ModelAddress(design.dataset, design.model, design.model_seed)
    say(f"computing the maps of {design.samples} windows of {design.dataset}")
    cases = cases_of(run, of, design.maps)
    return Ratings.make(out, design, cases, {"simulated": run.dataset(of.dataset).simulated})
