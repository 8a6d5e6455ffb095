"""Measures of a classifier against hand-worked numbers and plain counts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecgbench.models import evaluate_predictions
from ecgbench.models.training.measures import roc_auc

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


@given(pairs)
def test_class_measures_are_what_counting_gives(pairs: list[tuple[int, int]]) -> None:
    y, predicted = np.array(pairs).T
    found = evaluate_predictions(logits_of(predicted, 4), y)
    confusion = [[pairs.count((true, said)) for said in range(4)] for true in range(4)]
    hits = [confusion[i][i] for i in range(4)]
    true, said = [sum(row) for row in confusion], [sum(row[i] for row in confusion) for i in range(4)]
    f1 = [2 * hits[i] / max(true[i] + said[i], 1) for i in range(4)]
    assert found["confusion"] == confusion
    assert found["accuracy"] == pytest.approx(sum(hits) / len(pairs))
    assert found["f1"] == pytest.approx(f1)
    assert found["macro_f1"] == pytest.approx(sum(f1) / 4)
    assert found["sensitivity"] == pytest.approx([hits[i] / max(true[i], 1) for i in range(4)])
    assert found["precision"] == pytest.approx([hits[i] / max(said[i], 1) for i in range(4)])


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
def test_auc_is_the_share_of_pairs_in_the_right_order_with_ties_as_halves(pairs: list[tuple[int, bool]]) -> None:
    score, positive = np.array([s for s, _ in pairs], dtype=np.float64), np.array([p for _, p in pairs])
    found = roc_auc(score, positive)
    if positive.all() or not positive.any():
        assert found is None
    else:
        difference = np.subtract.outer(score[positive], score[~positive])
        assert found == pytest.approx(((difference > 0) + (difference == 0) / 2).mean())


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
