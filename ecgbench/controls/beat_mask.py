"""The mask of the label's beats itself."""

from __future__ import annotations

import numpy as np

from ecgbench.controls._registry import CONTROLS, Scene
from ecgbench.types import Attributions


@CONTROLS.register(version=1, reference="the annotations", title="the beats that carry the label", mask="spans", bound=True)
def beat_mask(scene: Scene) -> Attributions:
    """One in the spans of the label's beats, zero elsewhere: the best that localisation can give."""
    return scene.windows.masks(scene.target).astype(np.float32)
