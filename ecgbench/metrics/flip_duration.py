"""Flip duration: how much of the signal, in the map's order, has to become the twin's until the label is gone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Int64
from numpy.typing import NDArray

from ecgbench.metrics._exchange import SHARED, Changed, exchanged_in_turn, passes, qualification, qualifies
from ecgbench.metrics._registry import METRICS
from ecgbench.metrics._twins import loses_label
from ecgbench.types import Curves, PerWindow, Targets


@METRICS.register(
    family="causal",
    higher_is_better=False,
    bounds=(0.0, np.inf),
    needs=("curves", "steps", "changed", "target", "multilabel", "fs", "shared"),
    atol=1e-5,
    version=1,
    reference="doi:10.1109/TNNLS.2016.2599820",
    shared=qualification,
    shared_as=SHARED,
    perturb=partial(exchanged_in_turn, True),
    replacement="twin",
    passes=passes,
)
def flip_duration(
    curves: Curves,
    steps: Int64[np.ndarray, " n"],
    changed: Changed,
    target: Targets,
    multilabel: bool,
    fs: float,
    shared: Mapping[str, NDArray[Any]],
) -> PerWindow:
    """Seconds of signal, most relevant patches first, that become the twin's until the label is not predicted any more: lower is better.

    Patches that are equal in window and twin count as well: a map that points there names what changes nothing. When all patches are
    exchanged the window is its twin, so every window that qualifies flips; others have no score (see `twin_agreement`). Of several labels
    the label is gone where its probability is below one half.

    Parameters
    ----------
    curves : (n, points, outputs), logits of the windows and after each step
    steps : (n,) number of steps, after which a window is its twin
    changed : (n, points) samples of a lead that were exchanged before each point
    target : (n,) int64
    multilabel : whether a window can have several labels
    fs : Hz
    shared : what `qualification` returned for these windows
    """
    count, points, outputs = curves.shape
    lost = loses_label(curves.reshape(-1, outputs), np.repeat(target, points), multilabel).reshape(count, points)
    # Rounding may keep the label where two logits of the twin are equal.
    lost |= np.arange(points) >= steps[:, None]
    first = lost.argmax(axis=1)
    seconds: PerWindow = np.take_along_axis(changed, first[:, None], axis=1)[:, 0] / fs
    return np.where(qualifies(shared), seconds, np.nan)
