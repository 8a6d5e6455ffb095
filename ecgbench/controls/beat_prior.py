"""Where labelled beats lie in a window, learnt from the training side."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64

from ecgbench.controls._registry import CONTROLS, Scene
from ecgbench.types import Attributions, Windows


@CONTROLS.register(version=1, reference="masks of the training windows", title="where its beats lie in training windows", mask="spans")
def beat_prior(scene: Scene) -> Attributions:
    """For each sample the share of the training windows of the target's class whose beats of that class cover it.

    Where the explained windows themselves stand in for training windows, a window does not tell of itself.
    """
    maps = np.zeros(scene.shape, dtype=np.float32)
    for class_ in np.unique(scene.target):
        of_class = _of_class(scene.train, int(class_))
        total = _covered(scene, of_class, int(class_))
        places = {(str(scene.train.record[window]), int(scene.train.start[window])) for window in of_class}
        for window in np.flatnonzero(scene.target == class_).tolist():
            itself = (str(scene.windows.record[window]), int(scene.windows.start[window])) in places
            own = scene.windows.mask(window, int(class_)) if itself else 0
            maps[window] = (total - own) / max(len(of_class) - itself, 1)
    return maps


def _of_class(train: Windows, class_: int) -> Int64[np.ndarray, " windows"]:
    """Training windows that have a class."""
    return np.flatnonzero(train.y == class_ if train.y.ndim == 1 else train.y[:, class_] == 1)


def _covered(scene: Scene, windows: Int64[np.ndarray, " windows"], class_: int) -> Float64[np.ndarray, "leads time"]:
    """How many of some training windows the beats of a class cover, by sample."""
    total = np.zeros(scene.shape[1:])
    for window in windows.tolist():
        total += scene.train.mask(window, class_)
    return total
