"""The window's middle."""

from __future__ import annotations

import numpy as np

from ecgbench.controls._bumps import bumps
from ecgbench.controls._registry import CONTROLS, Scene
from ecgbench.types import Attributions

SHARE = 1 / 6
"""Standard deviation as a share of the window, so that its ends are three of them away."""


@CONTROLS.register(version=1, reference="a common bias of saliency maps, doi:10.1109/TPAMI.2018.2815601", title="the window's middle")
def centre(scene: Scene) -> Attributions:
    """A Gaussian over the window's middle, of a sixth of the window's length."""
    time = scene.shape[-1]
    return np.broadcast_to(bumps(np.array([(time - 1) / 2]), SHARE * time, time), scene.shape).astype(np.float32)
