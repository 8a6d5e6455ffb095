"""Measures of a classifier against hand-worked numbers and scikit-learn."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from ecgbench.models import evaluate_predictions
from ecgbench.models.measures import confusion_matrix, roc_auc

pairs = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40)


def logits_of(predicted: np.ndarray, classes: int) -> np.ndarray:
    return np.eye(classes, dtype=np.float32)[predicted]


def test_measures_of_a_hand_worked_case() -> None:
    y = np.array([0, 0, 0, 1, 1, 2])
    predicted = np.array([0, 0, 1, 1, 0, 1])
    assert evaluate_predictions(logits_of(predicted, 3), y) == {
        "accuracy": 0.5,
        "macro_f1": pytest.approx((2 / 3 + 2 / 5) / 3),
        "f1": pytest.approx([2 / 3, 2 / 5, 0]),
        "sensitivity": pytest.approx([2 / 3, 1 / 2, 0]),
        "precision": pytest.approx([2 / 3, 1 / 3, 0]),
        "confusion": [[2, 1, 0], [1, 1, 0], [0, 1, 0]],
    }


def test_rows_of_the_confusion_matrix_are_true_classes() -> None:
    assert confusion_matrix(np.array([1, 1]), np.array([0, 0]), 2).tolist() == [[0, 2], [0, 0]]


@given(pairs)
def test_class_measures_equal_scikit_learns(pairs: list[tuple[int, int]]) -> None:
    y, predicted = np.array(pairs).T
    found = evaluate_predictions(logits_of(predicted, 4), y)
    options = {"labels": range(4), "average": None, "zero_division": 0}
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(y, predicted))
    assert found["confusion"] == metrics.confusion_matrix(y, predicted, labels=range(4)).tolist()
    assert found["f1"] == pytest.approx(metrics.f1_score(y, predicted, **options))
    assert found["macro_f1"] == pytest.approx(metrics.f1_score(y, predicted, **{**options, "average": "macro"}))
    assert found["sensitivity"] == pytest.approx(metrics.recall_score(y, predicted, **options))
    assert found["precision"] == pytest.approx(metrics.precision_score(y, predicted, **options))


def test_golden_confusion_matrix_gives_the_golden_measures(reference: Path) -> None:
    golden = json.loads((reference / "mitdb_model.json").read_text())
    confusion = np.array(golden["confusion"])
    true, predicted = (np.repeat(axis.ravel(), confusion.ravel()) for axis in np.indices(confusion.shape))
    found = evaluate_predictions(logits_of(predicted, 4), true)
    assert found["confusion"] == golden["confusion"]
    for name in ("accuracy", "macro_f1", "f1"):
        assert found[name] == pytest.approx(golden[name])


@pytest.mark.parametrize(
    ("score", "positive", "expected"),
    [
        ([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], 0.75),
        ([1, 2, 3], [0, 0, 1], 1.0),
        ([3, 2, 1], [0, 0, 1], 0.0),
        ([5, 5, 5], [0, 1, 1], 0.5),
        ([1, 2], [1, 1], None),
        ([1, 2], [0, 0], None),
    ],
)
def test_auc_of_hand_worked_scores(score: list[float], positive: list[int], expected: float | None) -> None:
    assert roc_auc(np.array(score, dtype=np.float32), np.array(positive, dtype=np.uint8)) == expected


@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=40))
def test_auc_equals_scikit_learns_with_ties(pairs: list[tuple[int, bool]]) -> None:
    score, positive = np.array([s for s, _ in pairs], dtype=np.float64), np.array([p for _, p in pairs])
    found = roc_auc(score, positive)
    if positive.all() or not positive.any():
        assert found is None
    else:
        assert found == pytest.approx(metrics.roc_auc_score(positive, score))


def test_label_measures_are_the_auc_of_each_label_and_the_mean_of_the_known_ones() -> None:
    logits = np.array([[0, 1, 2], [1, 0, 2], [2, 3, 2]], dtype=np.float32)
    y = np.array([[0, 1, 1], [0, 0, 1], [1, 0, 1]], dtype=np.uint8)
    assert evaluate_predictions(logits, y) == {"macro_auc": 0.75, "auc": [1.0, 0.5, None]}


def test_macro_auc_is_none_where_no_label_has_one() -> None:
    logits, y = np.zeros((2, 2), dtype=np.float32), np.ones((2, 2), dtype=np.uint8)
    assert evaluate_predictions(logits, y) == {"macro_auc": None, "auc": [None, None]}


def test_measures_are_json_data() -> None:
    found = evaluate_predictions(np.eye(3, dtype=np.float32), np.array([0, 1, 1]))
    assert json.loads(json.dumps(found)) == found
