"""The signal's steepness."""

from __future__ import annotations

import numpy as np

from ecgbench.controls._registry import CONTROLS, Scene
from ecgbench.types import Attributions, standardise


@CONTROLS.register(version=1, reference="the input's derivative", title="where the signal is steep")
def slope(scene: Scene) -> Attributions:
    """Absolute slope of the standardised signal, by central differences, a second."""
    steep: Attributions = np.abs(np.gradient(standardise(scene.windows.signal), 1 / scene.fs, axis=-1))
    return steep
