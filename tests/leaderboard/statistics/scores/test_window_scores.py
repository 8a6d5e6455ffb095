"""Scores of a board in one place, and means that count classes alike."""

import numpy as np
import pytest

from ecgbench.errors import ResultsError
from ecgbench.leaderboard.statistics.board import read_boards
from ecgbench.leaderboard.statistics.scores.window_scores import balanced_mean, class_means, window_scores
from ecgbench.results import sample_name, write_file
from tests.attacks.accepted import record, saved
from tests.leaderboard.conftest import results

MEANS = {"raw": {"auc": {1: 0.7, 2: [0.1, np.nan, 0.3, 0.4]}}}


def accepted(scores, method, **arrays):
    """Write results of a method with other arrays beside its scores."""
    found, held = results("mitdb", method, MEANS)
    held |= {sample_name(what, 1): array for what, array in arrays.items()}
    write_file(found, held, root=scores)


def samples(scores):
    (board,) = read_boards(scores)
    return window_scores(board)


def test_scores_are_those_of_the_archives(scores):
    accepted(scores, "lime")
    accepted(scores, "saliency")
    found = samples(scores)
    assert set(found.values) == {(method, "raw", "auc", seed) for method in ("lime", "saliency") for seed in (1, 2)}
    assert found.values["lime", "raw", "auc", 2] == pytest.approx([0.1, np.nan, 0.3, 0.4], nan_ok=True)
    assert (found.dataset, found.seeds, found.patients, found.fewest) == ("mitdb", (1, 2), ("100", "103", "105"), 3)
    assert found.index(1).tolist() == [0, 0, 1, 2]
    assert found.target[2].tolist() == [1, 2, 2, 2]


@pytest.mark.parametrize(
    ("what", "array"),
    [
        ("patient", np.array(["100", "100", "103", "106"])),
        ("target", np.array([1, 2, 1, 2])),
        ("start", np.array([0, 10, 20, 31])),
    ],
    ids=["patient", "target", "start"],
)
def test_method_that_was_scored_on_other_windows_is_refused(scores, what, array):
    usual = {"start": np.array([0, 10, 20, 30]), "record": np.array(["a", "b", "c", "d"])}
    accepted(scores, "lime", **usual)
    accepted(scores, "saliency", **(usual | {what: array}))
    with pytest.raises(ResultsError, match=f"expected one {what} per window of seed 1 .* of saliency than of lime"):
        samples(scores)


def test_archive_that_does_not_say_whose_its_windows_are_is_refused(scores):
    found, held = results("mitdb", "lime", MEANS)
    path = write_file(found, held, root=scores)
    record(path, saved({name: array for name, array in held.items() if name != sample_name("patient", 1)}))
    with pytest.raises(ResultsError, match=r"lime\.json, got no patient of each window of seed 1"):
        samples(scores)


VALUES, TARGET = np.array([0.0, 0.0, 0.3, 0.9, np.nan, np.nan]), np.array([1, 1, 1, 2, 2, 4])


def test_class_means_count_what_is_undefined():
    found = class_means(VALUES, TARGET)
    assert {class_: mean for class_, (mean, _, _) in found.items()} == pytest.approx({1: 0.1, 2: 0.9, 4: np.nan}, nan_ok=True)
    assert {class_: counts for class_, (_, *counts) in found.items()} == {1: [3, 0], 2: [1, 1], 4: [0, 1]}


def test_classes_with_a_defined_window_weigh_alike():
    assert balanced_mean(VALUES, TARGET) == pytest.approx(0.5)
    assert np.isnan(balanced_mean(np.full(3, np.nan), np.ones(3, dtype=np.int64)))
    assert np.isnan(balanced_mean(np.full(0, np.nan), np.ones(0, dtype=np.int64)))
