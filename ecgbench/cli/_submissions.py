"""`windows`, `submit` and `evaluate`: a method's maps, made elsewhere, on the benchmark's windows."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from ecgbench.cli._files import check_out, write_arrays
from ecgbench.cli._judged import compute, compute_and_judge
from ecgbench.cli._verb import DONE, FAILED, FILE, SEED, TEXT, add, add_model, add_scores, chosen_model, scores_of
from ecgbench.cli.terminal.speech import say
from ecgbench.cli.terminal.tables import add_json
from ecgbench.errors import InputError
from ecgbench.protocol import COMMON, OURS

if TYPE_CHECKING:
    from ecgbench.cli.terminal.parser import Parser

JUDGED = ("--update-scores", "--allow-new")
"""What becomes of scores."""

MACHINE = ("--device", "--precision")
"""Where and how models compute."""

_OURS = {"protocol": OURS, "retrain": False, "update_scores": False, "check_only": False}
"""What a run can be told and these verbs are not."""


YES, NO = "yes", "no"
DECLARED = {
    "--saw-labels": "whether the maps were made with knowledge of the labels or of the beat annotations",
    "--saw-test-set": "whether the method, or its options, was chosen by what it gives on the test set",
}
"""What an author must say, as nothing in the maps tells it."""


def fill_windows(verb: Parser) -> None:
    """Arguments of the verb `windows`."""
    from ecgbench.pipeline import DATA_ARGUMENTS, RUN_ARGUMENTS

    verb.add_argument("dataset", type=TEXT)
    add_model(verb)
    verb.add_argument("--out", type=FILE, required=True, help=".npz file: x, target, record, patient, start, fs, seed, model")
    verb.add_argument("--seed", type=SEED, help="of the model that is explained (default: the dataset's first)")
    add(verb, {**DATA_ARGUMENTS, **{flag: RUN_ARGUMENTS[flag] for flag in ("--samples", "--explained", *MACHINE)}})
    verb.set_defaults(run=_windows, **_OURS)


def fill_submit(verb: Parser) -> None:
    """Arguments of the verb `submit`."""
    from ecgbench.pipeline import DATA_ARGUMENTS, RUN_ARGUMENTS

    verb.add_argument("dataset", type=TEXT)
    add_model(verb)
    verb.add_argument("--name", type=TEXT, required=True, help="of the method: small letters, digits, underscores")
    maps = "file with `attributions` (n, leads, time) beside what `windows` wrote; once for each seed"
    verb.add_argument("--maps", type=FILE, required=True, action="append", metavar="NPZ", help=maps)
    verb.add_argument("--reference", type=TEXT, required=True, help="doi:..., arXiv:... or a URL")
    verb.add_argument("--authors", type=TEXT, default="", help="who made the maps, in a line")
    verb.add_argument("--describe", type=TEXT, default="", help="what the method does, in a line")
    for flag, what in DECLARED.items():
        verb.add_argument(flag, required=True, choices=(YES, NO), help=f"{what}; with {YES} it is shown and not ranked")
    verb.add_argument("--out", type=FILE, required=True, help=".safetensors file")
    add(verb, {**DATA_ARGUMENTS, **{flag: RUN_ARGUMENTS[flag] for flag in ("--samples", "--explained", *MACHINE)}})
    verb.set_defaults(run=_submit, seed=None, **_OURS)


def fill_evaluate(verb: Parser) -> None:
    """Arguments of the verb `evaluate`."""
    from ecgbench.pipeline import RUN_ARGUMENTS, SELECTION_ARGUMENTS

    verb.add_argument("file", type=FILE, help="as `submit` writes it")
    add(
        verb,
        {
            "--metric": SELECTION_ARGUMENTS["--metric"],
            **{flag: RUN_ARGUMENTS[flag] for flag in (*JUDGED, *MACHINE)},
        },
    )
    held_back = "compare the public windows with others, which this file of 16 bytes or more draws; accepts nothing"
    verb.add_argument("--held-back", type=FILE, metavar="SECRET", help=held_back)
    add_scores(verb)
    add_json(verb)
    verb.set_defaults(run=_evaluate, samples=None, labels=None, split=None, edition=None, explained=COMMON, **_OURS)


def _windows(given: argparse.Namespace) -> int:
    from ecgbench.pipeline import Run, options_from, window_arrays

    check_out(given.out, ".npz")
    run, of = Run(options_from(given, time.time())), chosen_model(given)
    arrays = window_arrays(run, of)
    write_arrays(given.out, arrays)
    say(f"{len(arrays['x'])} windows of {of.dataset} seed {of.seed}, model {str(arrays['model'])[:12]}, written to {given.out}")
    return DONE


def _submit(given: argparse.Namespace) -> int:
    from ecgbench.artifacts import write_atomically
    from ecgbench.pipeline import About, Run, check_about, options_from, pack, read_maps

    check_out(given.out, ".safetensors")
    saw = {"saw_labels": given.saw_labels == YES, "saw_test_set": given.saw_test_set == YES}
    about = About(given.name, given.reference, given.authors, given.describe, **saw)
    check_about(about)
    run, maps = Run(options_from(given, time.time())), {}
    model = chosen_model(given).model
    for path in given.maps:
        seed, values = read_maps(run, given.dataset, model, path)
        if seed in maps:
            raise InputError(f"expected one file of maps for each seed, got another of seed {seed}, {path}; name each once.")
        maps[seed] = values
    content = pack(run, given.dataset, model, maps, about)
    write_atomically(given.out, content)
    seeds = ", ".join(map(str, sorted(maps)))
    say(f"maps of {given.name} on {given.dataset}, seeds {seeds}, written to {given.out} ({len(content) / 1e6:.1f} MB)")
    return DONE


def _evaluate(given: argparse.Namespace) -> int:
    from ecgbench.pipeline import check_place, options_from, submitted_run

    given.scores = scores_of(given)
    if given.held_back is not None:
        return _evaluate_held_back(given)
    run, cells = submitted_run(given.file, options_from(given, time.time()), tuple(given.metric))
    check_place(run, cells, given.scores)
    return compute_and_judge(run, cells, given)


def _evaluate_held_back(given: argparse.Namespace) -> int:
    from ecgbench.pipeline import check_accepted_maps, compare_sides, held_back_run, options_from, read_secret, tuning_report

    if given.update_scores:
        raise InputError("expected --held-back or --update-scores, got both; a comparison with held-back windows accepts nothing.")
    secret = read_secret(given.held_back)
    found = held_back_run(given.file, options_from(given, time.time()), secret, tuple(given.metric))
    ranked = check_accepted_maps(found, given.scores)
    compute(found.run)
    rows = compare_sides(found)
    say(tuning_report(found.cells[0].source, found.drawn, rows, ranked))
    return FAILED if any(row.better_on_public for row in rows) else DONE
