"""The signal's own size."""

from __future__ import annotations

import numpy as np

from ecgbench.controls._registry import CONTROLS, Scene
from ecgbench.types import Attributions, standardise


@CONTROLS.register(version=1, reference="the input itself", title="where the signal is far from its mean")
def amplitude(scene: Scene) -> Attributions:
    """Absolute value of the standardised signal."""
    size: Attributions = np.abs(standardise(scene.windows.signal))
    return size
