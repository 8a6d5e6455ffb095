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


def test_every_selecting_option_is_repeatable():
    once = "--dataset mitdb --model m --recipe r --method a --metric c --seeds 1"
    given = f"{once} --dataset s* --model n --recipe s --method b --metric d --seeds 3-4".split()
    assert selection_from(parsed(*given)) == Selection(("mitdb", "s*"), ("a", "b"), ("c", "d"), (1, 3, 4), ("m", "n"), ("r", "s"))


def test_nothing_typed_selects_the_default_whatever_was_typed_before():
    parsed("--method", "saliency", "--seeds", "2")
    assert selection_from(parsed()) == Selection()


def test_seeds_are_numbers_and_ranges():
    for texts, seeds in (([], ()), (["0"], (0,)), (["3-3"], (3,)), (["5,1-3", "2-4"], (5, 1, 2, 3, 4)), (["10-12"], (10, 11, 12))):
        assert parse_seeds(texts) == seeds


def test_other_seeds_are_refused():
    for text in ("", "a", "1,", "-1", "3-1", "1-2-3", "1.5", "1, 2", "²"):
        with pytest.raises(InputError, match="expected --seeds as numbers and ranges such as 1-3,5, got"):
            parse_seeds([text])


def test_ranges_and_seeds_without_end_are_refused():
    with pytest.raises(InputError, match='expected ranges of at most 8 seeds, which is the most that a dataset has, got "1-999999999"'):
        parse_seeds(["1-999999999"])
    for text in ("9" * 5000, "1-" + "9" * 5000, "1000000000", "٣"):
        with pytest.raises(InputError, match="expected --seeds as numbers and ranges such as 1-3,5, got"):
            parse_seeds([text])


@pytest.mark.parametrize(
    ("dataset", "known", "seeds"), [("synthetic", "1, 2, 3, 4, 5, 6, 7, 8", "4-9"), ("*", "0, 1, 2, 3, 4, 5, 6, 7, 8", "9")]
)
def test_seeds_that_no_selected_dataset_has_are_refused_with_those_there_are(dataset, known, seeds):
    with pytest.raises(InputError, match=f"among {known}, got {seeds[-1]}; choose among these"):
        selection_from(parsed("--dataset", dataset, "--seeds", seeds))


@pytest.mark.parametrize("device", ["meta", "mkldnn", "privateuseone", "hpu", "cuda:99999999999999999999", "\0", "\udcff", ""])
def test_device_that_cannot_compute_is_refused(device):
    with pytest.raises(InputError, match="expected a torch device that can be used here, got"):
        options("--device", device)


def test_samples_are_a_positive_number_or_all():
    assert [parse_samples(text) for text in ("64", "all", None)] == [64, "all", None]
    for text in ("0", "-1", "1.5", "", "ALL", str(10**30), "3000000000"):
        with pytest.raises(InputError, match=f'expected --samples as a positive number up to 2147483648 or "all", got "{text}"'):
            parse_samples(text)


def test_defaults_are_the_protocols():
    found = options()
    assert (found.samples, found.protocol, found.device, found.precision) == (None, "ours", "cpu", "float32")
    assert (found.labels, found.split, found.edition, found.retrain_since) == (None, None, None, None)


def test_options_reach_the_run():
    found = options(
        "--samples", "all", "--labels", "study", "--split", "patient", "--edition", "x", "--protocol", "study", "--device", "cpu:0"
    )
    assert (found.samples, found.labels, found.split, found.edition) == ("all", "study", "patient", "x")
    assert (found.protocol, found.device) == ("study", "cpu:0")


def test_retraining_wants_models_younger_than_the_run_and_checking_a_store_that_computes_nothing():
    assert options("--retrain").retrain_since == BEGAN
    assert [options(*given).store.computing for given in ((), ("--check-only",))] == [True, False]


@pytest.mark.parametrize("other", ["--update-scores", "--retrain"])
def test_only_checking_excludes_what_computes(other):
    with pytest.raises(InputError, match=f"expected one of {other} and --check-only, got both"):
        options(other, "--check-only")


@pytest.mark.parametrize(("flag", "value"), [("--protocol", "theirs"), ("--precision", "float16")])
def test_choices_are_closed(flag, value):
    with pytest.raises(argparse.ArgumentError, match="invalid choice"):
        parsed(flag, value)


def test_every_option_is_explained():
    assert all(len(options["help"]) > 10 for options in {**SELECTION_ARGUMENTS, **DATA_ARGUMENTS, **RUN_ARGUMENTS}.values())
