"""The causal mask itself."""

from __future__ import annotations

import numpy as np

from ecgbench.controls._registry import CONTROLS, Scene
from ecgbench.types import Attributions


@CONTROLS.register(version=1, reference="the simulation", title="the samples that made the label", mask="causal", bound=True)
def causal_mask(scene: Scene) -> Attributions:
    """One where a window differs from its counterfactual twin, zero elsewhere."""
    return scene.windows.masks(scene.target, "causal").astype(np.float32)
