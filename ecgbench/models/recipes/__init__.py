"""Ways of training: what a recipe makes of a dataset's numbers. One file per recipe."""

from ecgbench.models.recipes._registry import RECIPES, USUAL, RecipeEntry, model_name, split_model

__all__ = ["RECIPES", "USUAL", "RecipeEntry", "model_name", "split_model"]
