"""The constant map."""

from __future__ import annotations

import numpy as np

from ecgbench.controls._registry import CONTROLS, Scene
from ecgbench.types import Attributions


@CONTROLS.register(version=1, reference="what a metric gives for nothing", title="the same everywhere")
def constant(scene: Scene) -> Attributions:
    """One at every sample: what a metric gives for nothing."""
    return np.ones(scene.shape, dtype=np.float32)
