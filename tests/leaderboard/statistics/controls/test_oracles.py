"""Metrics count only if they prefer the answer to maps that know neither the model nor the answer: asked of the accepted results."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgbench.leaderboard.statistics.analysis import analyse
from ecgbench.leaderboard.statistics.board import read_board
from ecgbench.leaderboard.statistics.controls.oracles import misdeclared, oracle_checks
from ecgbench.leaderboard.statistics.ranking import Column
from ecgbench.metrics import METRICS

ACCEPTED = Path(__file__).parents[4] / "leaderboards" / "scores"


@pytest.fixture
def every_metric_counts():
    """Here metrics count as they are declared."""


@pytest.fixture(scope="module")
def analysis():
    return analyse(read_board(ACCEPTED, "synthetic"))


@pytest.fixture(scope="module")
def checks(analysis):
    return {check.column.name: check for check in oracle_checks([analysis])}


def changed(analysis, column, change):
    """The analysis with one metric's scores changed."""
    values = {name: change(scores) if name[2] == column.name else scores for name, scores in analysis.windows.values.items()}
    windows = replace(analysis.windows, values=values)
    return replace(analysis, board=replace(analysis.board, columns=(column,)), windows=windows)


def noise(scores):
    return np.random.default_rng(len(scores)).random(len(scores))


def test_every_metric_of_the_accepted_results_is_checked(analysis, checks):
    assert set(checks) == {column.name for column in analysis.board.columns if column.entry.question.oracle_controls}


def test_metrics_are_ranked_as_their_oracle_says(checks):
    assert misdeclared(list(checks.values())) == []


def test_zeroing_metrics_prefer_blind_maps_to_the_cause(checks):
    blind = {name: check.gain.control for name, check in checks.items() if check.column.entry.family == "faithfulness"}
    assert blind == {
        "faithfulness_correlation": "amplitude",
        "region_perturbation_lerf": "amplitude",
        "region_perturbation_morf": "slope",
    }
    assert all(checks[name].gain.high < 0 for name in blind)


RANKED = [entry.key for entry in METRICS if entry.ranked]


@pytest.mark.parametrize("change", [np.negative, noise], ids=["reversed", "noise"])
@pytest.mark.parametrize("key", RANKED)
def test_metric_that_is_broken_turns_the_check_red(analysis, checks, key, change):
    found = misdeclared(oracle_checks([changed(analysis, checks[key].column, change)]))
    assert len(found) == 1
    assert f"expected {key} not to be ranked, got ranked=True: it fails its oracle in {key} on synthetic" in found[0]


def test_metric_that_fails_and_is_declared_ranked_turns_it_red(checks):
    check = checks["region_perturbation_morf"]
    column = Column(check.column.name, replace(check.column.entry, ranked=True), check.column.kind)
    assert "expected region_perturbation_morf not to be ranked" in misdeclared([replace(check, column=column)])[0]


def test_metric_that_passes_and_is_not_ranked_needs_a_reason(checks):
    check = checks["auc"]
    column = Column("auc", replace(check.column.entry, ranked=False), "spans")
    assert "expected auc to be ranked or a reason, got ranked=False" in misdeclared([replace(check, column=column)])[0]


def test_best_and_worst_method_look_at_the_model_and_are_ranked(checks):
    named = {variant[0] for check in checks.values() for variant, _ in check.methods}
    assert not named & {"random_baseline", "lrp_epsilon", "slope", "causal_mask"}
    means = [mean for _, mean in checks["region_perturbation_lerf"].methods]
    assert means == sorted(means)
