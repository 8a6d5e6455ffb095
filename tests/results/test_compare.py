"""When a new value stands by the accepted one, and what is said when it does not."""

from dataclasses import replace
from typing import get_args

import pytest

from ecgbench.results import Cell, Fresh, SourceResults, Verdict, compare
from ecgbench.results.judgement import Status
from tests.results.cases import IDENTITY

ATOL, COMMAND = 1e-3, "pytest benchmark --update-scores"
OLD = Cell("raw", "auc", 1, 0.5, 10, 2, 0.4, 0.6, 1.0, "a" * 64)
NONE = replace(OLD, value=None, n=0, undefined=12, low=None, high=None)
PANEL = {"1": "model", "2": "model"}
PACKAGES = {"torch": "2.13.0", "numpy": "2.4.6"}


def accepted(*cells, packages=PACKAGES):
    models = {"1": {"digest": "model"}, "2": {"digest": "model"}}
    return SourceResults("lime", IDENTITY, models, PANEL, {"packages": packages}, (), {}, {}, {}, cells)


def verdict(new, old=OLD, model="model", panel=PANEL, identity=IDENTITY, packages=PACKAGES, **held):
    new = replace(new, digest="b" * 64) if new.digest == OLD.digest and new is not OLD else new
    return compare(Fresh("mitdb-lime-auc-seed1", new, identity, model, panel, packages), accepted(old, **held), ATOL, COMMAND)


def status(new, old=OLD, **given):
    return verdict(new, old, **given).status


# The same model


@pytest.mark.parametrize("sign", [1, -1])
def test_value_outside_the_tolerance_is_a_change_in_either_direction(sign):
    assert status(replace(OLD, value=0.5 + sign * 0.9e-3)) == "accepted"
    assert status(replace(OLD, value=0.5 + sign * 1.1e-3)) == "changed"


def test_intervals_that_meet_excuse_nothing_where_the_model_is_the_same():
    assert status(replace(OLD, value=0.55)) == "changed"


def test_tolerance_is_the_metrics_own():
    fresh = Fresh("name", replace(OLD, value=0.55), IDENTITY, "model", PANEL, PACKAGES)
    assert compare(fresh, accepted(OLD), 0.1, COMMAND).status == "accepted"


@pytest.mark.parametrize("counts", [(9, 3), (10, 3)])
def test_other_numbers_of_windows_are_a_change(counts):
    assert status(replace(OLD, n=counts[0], undefined=counts[1])) == "changed"


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [(NONE, NONE, "accepted"), (NONE, OLD, "changed"), (OLD, NONE, "changed"), (NONE, replace(NONE, undefined=11), "changed")],
)
def test_undefined_stands_by_undefined_only(old, new, wanted):
    assert status(new, old) == wanted


def test_seconds_are_not_compared():
    assert status(replace(OLD, seconds=1000.0)) == "accepted"


# Another model


def other(low, value, high, old=OLD):
    return status(replace(OLD, value=value, low=low, high=high), old, model="another")


@pytest.mark.parametrize("interval", [(0.6, 0.7, 0.8), (0.2, 0.3, 0.4)])
def test_another_models_value_stands_where_the_intervals_meet(interval):
    assert other(*interval) == "accepted"


@pytest.mark.parametrize("interval", [(0.602, 0.7, 0.8), (0.1, 0.2, 0.398)])
def test_another_models_value_is_a_change_where_they_do_not(interval):
    assert other(*interval) == "changed"


def test_another_models_undefined_windows_may_differ():
    assert status(replace(OLD, n=8, undefined=4), model="another") == "accepted"


@pytest.mark.parametrize(("value", "wanted"), [(0.59, "accepted"), (0.7, "changed"), (0.3, "changed")])
def test_mean_of_one_patient_stands_for_its_interval(value, wanted):
    assert other(None, value, None) == wanted
    one = replace(OLD, value=value, low=None, high=None)
    assert status(OLD, one, model="another") == wanted


def test_means_of_one_patient_each_are_compared_within_the_tolerance():
    one = replace(OLD, low=None, high=None)
    assert other(None, 0.5 + 0.9e-3, None, one) == "accepted"
    assert other(None, 0.5 + 1.1e-3, None, one) == "changed"


@pytest.mark.parametrize(("old", "new", "wanted"), [(NONE, NONE, "accepted"), (NONE, OLD, "changed"), (OLD, NONE, "changed")])
def test_another_models_undefined_stands_by_undefined_only(old, new, wanted):
    assert status(new, old, model="another") == wanted


def test_another_model_of_the_panel_is_compared_within_the_spread_since_windows_are_others():
    panel = PANEL | {"2": "another"}
    assert status(replace(OLD, value=0.7, low=0.59), panel=panel) == "accepted"
    found = verdict(replace(OLD, value=0.9, low=0.8), panel=panel)
    assert found.status == "changed"
    assert "Likely cause: another model of another seed, so that other windows are common to all" in found.message


# A lost baseline, or none


def test_cell_missing_beside_others_of_its_seed_is_named_with_the_remedy():
    found = verdict(OLD, replace(OLD, metric="pointing_game"))
    assert found.status == "baseline_lost"
    assert "mitdb-lime-auc-seed1: expected an accepted value, as its method has for other cells of seed 1, got none" in found.message
    assert COMMAND in found.message
    assert "0.5 (n 10, 2 undefined, 95 % 0.4..0.6)" in found.message


def test_cell_of_a_metric_that_runs_where_it_is_named_is_new_beside_others():
    fresh = Fresh("mitdb-lime-stability-seed1", replace(OLD, metric="stability"), IDENTITY, "model", PANEL, PACKAGES, by_default=False)
    assert compare(fresh, accepted(OLD), ATOL, COMMAND).status == "no_baseline"
    assert compare(replace(fresh, cell=OLD), accepted(OLD), ATOL, COMMAND).status == "accepted"


@pytest.mark.parametrize("difference", [{"variant": "abs"}, {"metric": "auc_causal"}, {"seed": 2}])
def test_cells_are_told_apart_by_variant_metric_and_seed(difference):
    assert status(OLD, replace(OLD, **difference)) == "baseline_lost"


@pytest.mark.parametrize(
    "changed", [{"model": "cnn"}, {"samples": 13}, {"simulated": True}, {"windows": "another"}, {"explained": "common"}]
)
def test_another_identity_has_no_baseline(changed):
    found = verdict(replace(OLD, value=0.9), identity=replace(IDENTITY, **changed))
    assert found.status == "no_baseline"
    assert "0.9 (n 10" in found.message
    assert "no accepted result" in found.message


def test_seed_and_source_that_were_not_accepted_have_no_baseline():
    assert status(replace(OLD, seed=3)) == "no_baseline"
    assert compare(Fresh("name", OLD, IDENTITY, "model", PANEL, PACKAGES), None, ATOL, COMMAND).status == "no_baseline"


# What is said


def test_change_is_said_with_both_values_their_spread_the_tolerance_and_the_command():
    message = verdict(replace(OLD, value=0.123456789012, low=0.1, high=0.15, undefined=0)).message
    assert message.startswith("mitdb-lime-auc-seed1: expected 0.5 (n 10, 2 undefined, 95 % 0.4..0.6) (accepted), ")
    assert "got 0.123456789 (n 10, 95 % 0.1..0.15); tolerance 0.001" in message
    assert message.endswith(f"To accept the new value: {COMMAND}")
    assert "\n" not in message
    assert "got undefined in all 12 windows" in verdict(NONE).message


def test_another_version_of_a_package_is_named_as_the_likely_cause():
    message = verdict(replace(OLD, value=0.7), packages={"torch": "2.14.0", "numpy": "2.4.6"}).message
    assert "another version of torch 2.13.0 -> 2.14.0." in message
    assert "numpy" not in message
    unrecorded = verdict(replace(OLD, value=0.7), packages=PACKAGES | {"scipy": "1"}).message
    assert "a definition changed (then its version must be bumped)" in unrecorded


def test_another_model_is_the_likely_cause_before_packages():
    message = verdict(replace(OLD, value=0.9, low=0.8), model="another", packages={"torch": "9"}).message
    assert "another model: its interval must meet the accepted one" in message
    assert "Likely cause: another model, and more than patients' spread between the two" in message


def test_results_without_recorded_packages_are_compared_all_the_same():
    held = replace(accepted(OLD), provenance={})
    fresh = Fresh("name", replace(OLD, value=0.7, digest="b" * 64), IDENTITY, "model", PANEL, PACKAGES)
    assert "a definition changed" in compare(fresh, held, ATOL, COMMAND).message


def test_verdicts_that_fail_and_those_that_fail_where_results_are_only_checked():
    statuses = get_args(Status)
    assert {status for status in statuses if Verdict(status, "").fails()} == {"baseline_lost", "changed", "not_computed", "unhealthy"}
    assert {status for status in statuses if not Verdict(status, "").fails(check_only=True)} == {"accepted", "updated"}
