"""Skill over chance, on made-up scores and on the accepted ones."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgbench.controls import CONTROLS
from ecgbench.leaderboard.statistics.board import read_board
from ecgbench.leaderboard.statistics.ranking import columns
from ecgbench.leaderboard.statistics.scores.skill import skill, skill_scores
from ecgbench.leaderboard.statistics.scores.window_scores import WindowScores, window_scores
from ecgbench.metrics import FAMILIES, METRICS

SCORES = Path(__file__).parents[4] / "leaderboards" / "scores"


def windows(metric, **values):
    """Scores of three windows of one model, by source."""
    named = {(source, "raw", metric, 1): np.array(scores, dtype=np.float64) for source, scores in values.items()}
    return WindowScores("made up", named, {1: np.array(["a", "b", "c"])}, {1: np.array([1, 1, 2])})


def test_chance_has_none_and_the_best_score_all_of_it():
    found = skill(np.array([0.2, 1.0, 0.6, 0.1]), np.array([0.2, 0.2, 0.2, 0.2]), best=1.0)
    np.testing.assert_allclose(found, [0, 1, 0.5, -0.125])


def test_where_lower_is_better_it_rises_as_the_score_falls():
    np.testing.assert_allclose(skill(np.array([0.0, 0.2, 0.4, 0.8]), np.full(4, 0.4), best=0.0), [1, 0.5, 0, -1])


def test_undefined_where_a_score_is_or_chance_is_the_best():
    assert np.isnan(skill(np.array([np.nan, 0.5, 1.0]), np.array([0.5, np.nan, 1.0]), best=1.0)).all()


def test_scores_are_compared_with_the_same_windows_of_the_family_s_control():
    found = skill_scores(windows("auc", lime=[0.75, 0.5, 1.0], constant=[0.5, 0.5, 0.5]), columns(["auc"], METRICS))
    np.testing.assert_allclose(found.values["lime", "raw", "auc", 1], [0.5, 0, 1])
    np.testing.assert_allclose(found.values["constant", "raw", "auc", 1], 0)


def test_direction_is_the_metric_s():
    (column,) = columns(["auc"], METRICS)
    lower = replace(column, entry=replace(column.entry, higher_is_better=False))
    found = skill_scores(windows("auc", lime=[0.25, 0.5, 0.0], constant=[0.5, 0.5, 0.5]), [lower])
    np.testing.assert_allclose(found.values["lime", "raw", "auc", 1], [0.5, 0, 1])


@pytest.mark.parametrize("metric", ["twin_agreement", "false_mass"])
def test_metric_whose_family_names_no_control_has_none(metric):
    assert skill_scores(windows(metric, lime=[0.1, 0.2, 0.3], constant=[0.5, 0.5, 0.5]), columns([metric], METRICS)).values == {}


def test_without_the_control_s_scores_there_is_none():
    assert skill_scores(windows("auc", lime=[0.1, 0.2, 0.3]), columns(["auc"], METRICS)).values == {}


def test_control_that_a_family_names_exists_and_is_blind():
    named = [family.chance_control for family in FAMILIES if family.chance_control]
    assert named
    assert not [control for control in named if CONTROLS[control].bound]


@pytest.mark.parametrize("name", ["mitdb", "svdb", "synthetic"])
def test_control_of_accepted_results_scores_what_chance_is_said_to_be(name):
    """What files say of the mean of each seed is the mean of the control that skill is measured from; ties lower the one of auc_pr."""
    board = read_board(SCORES, name)
    held = window_scores(board).values
    said = next(iter(board.files.values())).chance
    known = [column for column in board.columns if column.entry.question.chance_control and column.entry.key != "auc_pr"]
    for column in known:
        for seed in board.seeds:
            found = held[column.entry.question.chance_control, "raw", column.name, seed]
            assert np.nanmean(found) == pytest.approx(said[str(seed)][column.name], abs=1e-7), column.name
