"""Where labelled beats lie in a window, learnt from the training side."""

from __future__ import annotations

import numpy as np

from ecgbench.controls._registry import CONTROLS, Scene
from ecgbench.types import Attributions


@CONTROLS.register(version=1, reference="masks of the training windows", title="where its beats lie in training windows", mask="spans")
def beat_prior(scene: Scene) -> Attributions:
    """For each sample the share of the training windows of the target's class whose beats of that class cover it."""
    maps = np.zeros(scene.shape, dtype=np.float32)
    for class_ in np.unique(scene.target):
        maps[scene.target == class_] = _covered(scene, int(class_))
    return maps


def _covered(scene: Scene, class_: int) -> np.ndarray:
    """(leads, time) share of the training windows of a class that its beats cover; zeros if there are none."""
    labelled = scene.train.y == class_ if scene.train.y.ndim == 1 else scene.train.y[:, class_] == 1
    of_class = np.flatnonzero(labelled)
    total = np.zeros(scene.shape[1:])
    for window in of_class:
        total += scene.train.mask(int(window), class_)
    return total / max(len(of_class), 1)
