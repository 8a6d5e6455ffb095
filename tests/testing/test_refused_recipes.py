"""Recipes that break the contract, each of which a trial finds."""

from dataclasses import replace

import pytest

from ecgbench.errors import EcgbenchError
from ecgbench.models import RECIPES
from ecgbench.testing import _recipes

BALANCED = RECIPES["balanced"]


def trials(entry):
    for trial in _recipes.TRIALS:
        trial(entry)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"architecture": "resnet34"}, "a recipe for resnet18_7, the same each time"),
        ({"learning_rate": 0.0}, "a positive learning rate"),
        ({"folds": 1}, "no folds, or two and more, got 1"),
        ({"optimizer": "sgd"}, "expected optimizer adam or adamw"),
    ],
)
def test_numbers_that_no_network_can_be_trained_by_are_refused(changed, said):
    entry = replace(BALANCED, function=lambda usual: replace(BALANCED.function(usual), **changed))
    with pytest.raises(EcgbenchError, match=said):
        trials(entry)


def test_what_is_no_recipe_is_refused():
    with pytest.raises(EcgbenchError, match="a Recipe, got dict"):
        trials(replace(BALANCED, function=lambda usual: {"epochs": 3}))


def test_recipe_without_a_title_is_refused():
    with pytest.raises(EcgbenchError, match="a title"):
        trials(replace(BALANCED, title=" "))
