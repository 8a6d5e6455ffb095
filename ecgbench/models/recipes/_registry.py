"""The registry of recipes, and the names of models on the benchmark's axis, which say the recipe where it is not the study's."""

from __future__ import annotations

from dataclasses import dataclass

from ecgbench.registry import Entry, Registry

USUAL = "study"
"""The recipe of a model whose name does not say any."""

WITH = "+"
"""Between an architecture and a recipe in a model's name."""


@dataclass(frozen=True, repr=False)
class RecipeEntry(Entry):
    """What a recipe declares.

    A recipe is a function from a dataset's numbers for an architecture, an `ecgbench.protocol.Recipe`, to those by which it trains.

    Attributes
    ----------
    title : what it is, in a few words
    """

    title: str


RECIPES = Registry("recipes", RecipeEntry, "ecgbench.models.recipes")


def model_name(architecture: str, recipe: str = USUAL) -> str:
    """Name of the models of an architecture and a recipe on the benchmark's axis: "resnet18_7" or "resnet18_7+balanced"."""
    return architecture if recipe == USUAL else f"{architecture}{WITH}{recipe}"


def split_model(name: str) -> tuple[str, str]:
    """Architecture and recipe of models of a name."""
    architecture, given, recipe = name.partition(WITH)
    return architecture, recipe if given else USUAL
