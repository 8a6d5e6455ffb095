"""Which models the benchmark takes for better than chance."""

import pytest

from benchmark.test_models import above_chance

NAMES_THE_FREQUENT = [[90, 0], [10, 0]]
BALANCED = [[60, 30], [2, 8]]
AT_RANDOM = [[45, 45], [5, 5]]


def measured(confusion):
    right = [row[at] / sum(row) if sum(row) else 0.0 for at, row in enumerate(confusion)]
    return {"confusion": confusion, "sensitivity": right}


@pytest.mark.parametrize(("confusion", "better"), [(BALANCED, True), (NAMES_THE_FREQUENT, False), (AT_RANDOM, False)])
def test_a_model_that_does_not_look_is_not_better_however_frequent_a_class_is(confusion, better):
    _, value, chance = above_chance(measured(confusion))
    assert (value > chance) == better


def test_a_class_without_test_windows_does_not_count():
    assert above_chance(measured([[3, 1, 0], [1, 3, 0], [0, 0, 0]])) == ("mean sensitivity", 0.75, 0.5)


def test_several_labels_are_judged_by_their_auc():
    assert above_chance({"macro_auc": 0.7}) == ("macro AUC", 0.7, 0.5)
