"""A recipe for unbalanced classes and for patients that the network has not seen."""

from __future__ import annotations

from dataclasses import replace

from ecgbench.models.recipes._registry import RECIPES
from ecgbench.protocol import Augmentation, Recipe


@RECIPES.register(
    version=1,
    title="AdamW on class-balanced, augmented windows, the epoch chosen on a fifth of the training patients",
    reference="doi:10.48550/arXiv.1711.05101",
)
def balanced(usual: Recipe) -> Recipe:
    """As many epochs and windows a batch as the dataset's own; AdamW (Loshchilov & Hutter 2019) lets no weight decay to nothing."""
    return replace(
        usual,
        learning_rate=1e-3,
        weight_decay=1e-2,
        optimizer="adamw",
        balanced=True,
        augmentation=Augmentation(wander=0.3, noise=0.1, scale=0.2),
        folds=5,
    )
