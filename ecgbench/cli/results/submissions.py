"""`windows`, `submit` and `evaluate`: a method's maps, made elsewhere, on the benchmark's windows, or models."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any

from ecgbench.cli._files import check_out, write_arrays
from ecgbench.cli._verb import DONE, FAILED, FILE, SEED, TEXT, add, add_model, add_scores, chosen_model, scores_of
from ecgbench.cli.results.judged import compute, compute_and_judge
from ecgbench.cli.terminal.speech import say
from ecgbench.cli.terminal.tables import add_json
from ecgbench.errors import InputError
from ecgbench.protocol import COMMON, OURS

if TYPE_CHECKING:
    from ecgbench.cli.terminal.parser import Parser
    from ecgbench.pipeline import Run

JUDGED = ("--update-scores", "--allow-new")
"""What becomes of scores."""

MACHINE = ("--device", "--precision")
"""Where and how models compute."""

_OURS = {"protocol": OURS, "retrain": False, "update_scores": False, "check_only": False}
"""What a run can be told and these verbs are not."""


YES, NO = "yes", "no"
DECLARED = {
    "--saw-labels": "whether the maps were made with knowledge of the labels or of the beat annotations",
    "--saw-test-set": "whether the method or the model, or its options, was chosen by what it gives on the test set",
}
"""What an author must say, as nothing in the maps tells it."""

ASKED_OF_ALL = ("--saw-test-set",)
"""Of these, what is asked of models too, which are made from labels."""


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
    what = verb.add_mutually_exclusive_group(required=True)
    maps = "file with `attributions` (n, leads, time) beside what `windows` wrote; once for each seed"
    what.add_argument("--maps", type=FILE, action="append", metavar="NPZ", help=maps)
    weights = "pack the weights of the dataset's models that --model names, of all its seeds, instead of maps"
    what.add_argument("--weights", action="store_true", help=weights)
    verb.add_argument("--name", type=TEXT, help="of the method: small letters, digits, underscores")
    verb.add_argument("--reference", type=TEXT, required=True, help="doi:..., arXiv:... or a URL")
    verb.add_argument("--authors", type=TEXT, default="", help="who made the maps or the models, in a line")
    verb.add_argument("--describe", type=TEXT, default="", help="what the method or the architecture does, in a line")
    for flag, told in DECLARED.items():
        verb.add_argument(flag, required=flag in ASKED_OF_ALL, choices=(YES, NO), help=f"{told}; maps with {YES} are shown and not ranked")
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
            **{flag: SELECTION_ARGUMENTS[flag] for flag in ("--metric", "--method")},
            **{flag: RUN_ARGUMENTS[flag] for flag in ("--samples", *JUDGED, *MACHINE)},
        },
    )
    held_back = "compare the public windows with others, which this file of 16 bytes or more draws; accepts nothing"
    verb.add_argument("--held-back", type=FILE, metavar="SECRET", help=held_back)
    add_scores(verb)
    add_json(verb)
    verb.set_defaults(run=_evaluate, labels=None, split=None, edition=None, explained=COMMON, **_OURS)


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
    from ecgbench.pipeline import Run, options_from

    check_out(given.out, ".safetensors")
    _check_submitted(given)
    run = Run(options_from(given, time.time()))
    content, what = _packed_models(run, given) if given.weights else _packed_maps(run, given)
    write_atomically(given.out, content)
    say(f"{what}, written to {given.out} ({len(content) / 1e6:.1f} MB)")
    return DONE


def _check_submitted(given: argparse.Namespace) -> None:
    """Refuse what is said of maps and not of models, and the other way round."""
    said = {"--name": given.name, "--saw-labels": given.saw_labels}
    for flag, value in said.items():
        if given.weights and value is not None:
            raise InputError(f"expected {flag} with --maps, got it with --weights; leave it out, models are named by --model.")
        if not given.weights and value is None:
            raise InputError(f"expected {flag} with --maps, got none; name it, see `ecgbench submit --help`.")
    if given.weights and given.model is None:
        raise InputError("expected --model with --weights, got none; name the architecture of your models.")


def _packed_maps(run: Run, given: argparse.Namespace) -> tuple[bytes, str]:
    """The file of a method's maps, and what it holds."""
    from ecgbench.pipeline import About, check_about, pack, read_maps

    saw = {"saw_labels": given.saw_labels == YES, "saw_test_set": given.saw_test_set == YES}
    about = About(given.name, given.reference, given.authors, given.describe, **saw)
    check_about(about)
    maps: dict[int, Any] = {}
    model = chosen_model(given).model
    for path in given.maps:
        seed, values = read_maps(run, given.dataset, model, path)
        if seed in maps:
            raise InputError(f"expected one file of maps for each seed, got another of seed {seed}, {path}; name each once.")
        maps[seed] = values
    seeds = ", ".join(map(str, sorted(maps)))
    return pack(run, given.dataset, model, maps, about), f"maps of {given.name} on {given.dataset}, seeds {seeds}"


def _packed_models(run: Run, given: argparse.Namespace) -> tuple[bytes, str]:
    """The file of models, and what it holds."""
    from ecgbench.pipeline import AboutModels, pack_models

    about = AboutModels(given.reference, given.authors, given.describe, saw_test_set=given.saw_test_set == YES)
    model = chosen_model(given).model
    seeds = ", ".join(map(str, run.spec(given.dataset).seeds))
    return pack_models(run, given.dataset, model, about), f"{model} models of {given.dataset}, seeds {seeds}"


def _evaluate(given: argparse.Namespace) -> int:
    from ecgbench.pipeline import check_models_place, check_place, holds_models, options_from, submitted_models, submitted_run

    given.scores = scores_of(given)
    models = holds_models(given.file)
    if models and given.held_back is not None:
        raise InputError("expected --held-back with a file of maps, got one of models; leave it out.")
    if given.held_back is not None:
        return _evaluate_held_back(given)
    options, metrics = options_from(given, time.time()), tuple(given.metric)
    if models:
        run, cells = submitted_models(given.file, options, tuple(given.method), metrics)
        check_models_place(run, cells, given.scores)
    else:
        if given.method:
            raise InputError(f"expected --method with a file of models, got {given.file} of maps; leave it out.")
        run, cells = submitted_run(given.file, options, metrics)
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
