"""The options of a run, as they are typed."""

import argparse

import pytest

from ecgbench.errors import InputError
from ecgbench.pipeline import DATA_ARGUMENTS, RUN_ARGUMENTS, SELECTION_ARGUMENTS, Selection, options_from, parse_samples, selection_from
from ecgbench.pipeline.grid.arguments import parse_seeds

BEGAN = 1_700_000_000.0


def parsed(*arguments):
    parser = argparse.ArgumentParser(exit_on_error=False)
    for flag, options in {**SELECTION_ARGUMENTS, **DATA_ARGUMENTS, **RUN_ARGUMENTS}.items():
        parser.add_argument(flag, **options)
    return parser.parse_args(arguments)


def options(*arguments):
    return options_from(parsed(*arguments), BEGAN)


def test_nothing_typed_selects_the_default():
    assert selection_from(parsed()) == Selection()


def test_every_selecting_option_is_repeatable():
    given = parsed(
        "--dataset", "mitdb", "--dataset", "s*", "--method", "a", "--method", "b", "--metric", "c", "--metric", "d", "--seeds", "1"
    )
    assert selection_from(given) == Selection(("mitdb", "s*"), ("a", "b"), ("c", "d"), (1,))


def test_options_of_one_call_do_not_stay_for_the_next():
    parsed("--method", "saliency", "--seeds", "2")
    assert selection_from(parsed()) == Selection()


@pytest.mark.parametrize(
    ("texts", "seeds"),
    [
        ([], ()),
        (["1"], (1,)),
        (["0"], (0,)),
        (["1-5"], (1, 2, 3, 4, 5)),
        (["3-3"], (3,)),
        (["1-3,5"], (1, 2, 3, 5)),
        (["5,1-3", "2-4"], (5, 1, 2, 3, 4)),
        (["10-12"], (10, 11, 12)),
    ],
)
def test_seeds_are_numbers_and_ranges(texts, seeds):
    assert parse_seeds(texts) == seeds


@pytest.mark.parametrize("text", ["", "a", "1,", ",1", "1-", "-1", "3-1", "1--2", "1-2-3", "1.5", "1, 2", "²"])
def test_other_seeds_are_refused(text):
    with pytest.raises(InputError, match="expected --seeds as numbers and ranges such as 1-3,5, got"):
        parse_seeds([text])


@pytest.mark.parametrize(("text", "samples"), [("1", 1), ("64", 64), ("all", "all"), (None, None)])
def test_samples_are_a_positive_number_or_all(text, samples):
    assert parse_samples(text) == samples


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "", "ALL", "ten"])
def test_other_samples_are_refused(text):
    with pytest.raises(InputError, match='expected --samples as a positive number or "all", got'):
        parse_samples(text)


def test_defaults_are_the_protocols():
    found = options()
    assert (found.samples, found.protocol, found.device, found.precision) == (None, "ours", "cpu", "float32")
    assert (found.labels, found.split, found.edition, found.retrain_since) == (None, None, None, None)


def test_options_reach_the_run():
    found = options(
        "--samples", "all", "--labels", "study", "--split", "patient", "--edition", "x", "--protocol", "study", "--device", "cuda"
    )
    assert (found.samples, found.labels, found.split, found.edition) == ("all", "study", "patient", "x")
    assert (found.protocol, found.device) == ("study", "cuda")


def test_retraining_wants_models_younger_than_the_run():
    assert options("--retrain").retrain_since == BEGAN


def test_accepting_and_only_checking_exclude_each_other():
    with pytest.raises(InputError, match="expected one of --update-scores and --check-only, got both"):
        options("--update-scores", "--check-only")


def test_checking_only_cannot_train_anew():
    with pytest.raises(InputError, match="expected one of --retrain and --check-only, got both"):
        options("--retrain", "--check-only")


@pytest.mark.parametrize(("given", "computing"), [((), True), (("--check-only",), False)])
def test_only_checking_takes_a_store_that_computes_nothing(given, computing):
    assert options(*given).store.computing is computing


@pytest.mark.parametrize(("flag", "value"), [("--protocol", "theirs"), ("--precision", "float16")])
def test_choices_are_closed(flag, value):
    with pytest.raises(argparse.ArgumentError, match="invalid choice"):
        parsed(flag, value)


@pytest.mark.parametrize("flag", [*SELECTION_ARGUMENTS, *DATA_ARGUMENTS, *RUN_ARGUMENTS])
def test_every_option_is_explained(flag):
    assert len({**SELECTION_ARGUMENTS, **DATA_ARGUMENTS, **RUN_ARGUMENTS}[flag]["help"]) > 10
