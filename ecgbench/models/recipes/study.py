"""The study's recipe, kept so that its numbers can be compared with ours."""

from __future__ import annotations

from ecgbench.models.recipes._registry import RECIPES
from ecgbench.protocol import STUDY_REFERENCE, Recipe


@RECIPES.register(version=1, title="Adam with L2 weight decay, every window once an epoch, the last epoch kept", reference=STUDY_REFERENCE)
def study(usual: Recipe) -> Recipe:
    """The dataset's numbers as they are."""
    return usual
