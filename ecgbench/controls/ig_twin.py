"""Integrated gradients from the counterfactual twin."""

from __future__ import annotations

import numpy as np

from ecgbench.controls._registry import CONTROLS, Scene
from ecgbench.types import Attributions, standardised_as


@CONTROLS.register(
    version=1,
    reference="arXiv:1703.01365",
    title="integrated gradients from the counterfactual twin; sees the twin and the model",
    bound=True,
    twin=True,
    sees_model=True,
)
def ig_twin(scene: Scene) -> Attributions:
    """Mean gradient on the way from the twin, times the window minus its twin: what a method reaches that knows the twin.

    Zero throughout for windows without a twin.
    """
    assert scene.integrate is not None, "a control that declares to see the model is given what integrates its gradients"
    signal, twin = scene.windows.signal, scene.windows.twin
    if twin is None:
        return np.zeros(scene.shape, dtype=np.float32)
    has = np.isfinite(twin).all(axis=(1, 2))[:, None, None]
    return scene.integrate(standardised_as(np.where(has, twin, signal), signal))
