"""What pages are handed, on accepted results and on a board as large as they get."""

import time
from pathlib import Path

import numpy as np
import pytest

from ecgbench.leaderboard.statistics.board import read_board
from ecgbench.leaderboard.statistics.models import analyse_models, complete_names, crossfitted_choices, mean_spread, tally, two_way_means
from ecgbench.leaderboard.statistics.models.board_models import compared_variants
from ecgbench.leaderboard.statistics.scores.window_scores import WindowScores, window_scores

ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def board():
    return read_board(ROOT / "leaderboards" / "scores", "synthetic")


@pytest.fixture(scope="module")
def found(board):
    return analyse_models(board, window_scores(board), resamples=200)


def test_means_are_those_of_the_accepted_cells(board, found):
    frame = found.intervals()
    for (method, variant, metric), row in frame.iterrows():
        cells = [cell.value for cell in board.everything[method].cells if (cell.variant, cell.metric) == (variant, metric)]
        mean = np.nan if None in cells else np.mean(cells)
        assert row["mean"] == pytest.approx(mean, abs=1e-6, nan_ok=True)
        assert np.isnan(mean) or row["low"] <= row["mean"] <= row["high"]


def test_each_ranked_method_stands_once_in_each_metric_with_a_variant_that_the_metric_applies_to(board, found):
    ranked = {method for method in board.files if method not in board.unranked}
    assert set(found.metrics) == {column.name for column in board.columns if column.entry.ranked}
    for column in board.columns:
        if column.entry.ranked:
            variants = compared_variants(board.places[column.family], column)
            assert [method for method, _ in variants] == sorted(ranked)
            assert all(column.applies(variant) for _, variant in variants)
            assert found.metrics[column.name].variants == variants


def test_best_row_is_a_candidate_of_every_metric(found):
    for metric in found.metrics.values():
        assert metric.best.candidates[metric.best.difference.argmax()]
        assert metric.components.models == 8


def test_one_model_leaves_what_needs_none(board):
    windows = window_scores(board)
    values = {name: scores for name, scores in windows.values.items() if name[3] == 1}
    one = WindowScores(windows.dataset, values, {1: windows.patient[1]}, {1: windows.target[1]})
    found = analyse_models(board, one, resamples=50)
    assert found.intervals()[["low", "high"]].isna().to_numpy().all()
    assert found.spread.missing.startswith("one model")
    assert all(metric.best is None and metric.components is None for metric in found.metrics.values())
    assert all(metric.best_of_these.candidates.any() for metric in found.metrics.values())
    assert crossfitted_choices(one, board.columns, board.places)


def test_no_variant_with_the_scores_of_every_seed_has_no_statistics(board):
    windows = window_scores(board)
    assert analyse_models(board, WindowScores(windows.dataset, {}, windows.patient, windows.target)) is None


def test_board_of_five_models_takes_less_than_seconds():
    rng = np.random.default_rng(0)
    patient = {model: np.array([f"p{number}" for number in rng.integers(38, size=64)]) for model in range(5)}
    values = {
        (f"m{method}", variant, f"metric{metric}", model): rng.random(64)
        for method in range(12)
        for variant in ("raw", "abs")
        for metric in range(9)
        for model in range(5)
    }
    windows = WindowScores("large", values, patient, {model: np.ones(64, dtype=np.int64) for model in range(5)})
    start = time.process_time()
    mean_spread(tally(windows, complete_names(windows))).intervals()
    two_way_means(windows, 2000)
    assert time.process_time() - start < 3
