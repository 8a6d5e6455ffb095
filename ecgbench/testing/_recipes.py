"""Trials of recipes: what they make of the numbers of two datasets."""

from __future__ import annotations

from ecgbench.models import RecipeEntry, Training
from ecgbench.protocol import MITDB, SYNTHETIC12, Recipe
from ecgbench.testing._report import require

USUAL = (MITDB.recipe, SYNTHETIC12.recipe)


def says_what_it_is(entry: RecipeEntry) -> None:
    """It has a title."""
    require(entry.title.strip(), entry, "a title", repr(entry.title), "say what it is in a few words")


def gives_numbers_of_the_same_network(entry: RecipeEntry) -> None:
    """It returns a recipe for the architecture that it is asked for, the same each time, by which a network can be trained."""
    for usual in USUAL:
        found = entry.function(usual)
        require(isinstance(found, Recipe), entry, "a Recipe", type(found).__name__, "return one, such as a changed copy")
        same = found.architecture == usual.architecture and found == entry.function(usual)
        require(same, entry, f"a recipe for {usual.architecture}, the same each time", found, "leave the architecture as it is")
        Training(found, seed=0)
        numbers = (found.learning_rate, found.epochs, found.batch_size)
        require(min(numbers) > 0, entry, "a positive learning rate and numbers of epochs and of windows a batch", numbers, "mend them")
        require(found.folds != 1 and found.folds >= 0, entry, "no folds, or two and more", found.folds, "hold some patients out, or none")


TRIALS = (says_what_it_is, gives_numbers_of_the_same_network)
