"""Normal windows of the training side, which some methods compare the explained windows with."""

from __future__ import annotations

import numpy as np

from ecgbench.pipeline.compute.windows.turns import share_out
from ecgbench.protocol import DatasetProtocol
from ecgbench.types import Dataset, Signals, Windows

NORMAL_WINDOWS = 100
"""How many normal windows methods may choose from, at most: enough for several draws of ten, and few enough to be kept in memory."""


def normal_windows(dataset: Dataset, spec: DatasetProtocol) -> Signals | None:
    """Standardised training windows (m, leads, time) of the normal class, of as many patients as possible; None if there are none.

    They are the same for all seeds and models. Where a window can have several labels, it is normal if it has the normal label alone.
    """
    index = np.flatnonzero(is_normal(dataset.train, dataset.classes, spec.normal))
    if not index.size:
        return None
    order = share_out(dataset.train.take(index), np.zeros(len(index), dtype=np.int64))
    chosen: Signals = dataset.train.inputs(index[order[:NORMAL_WINDOWS]])
    return chosen


def is_normal(windows: Windows, classes: tuple[str, ...], normal: str) -> np.ndarray:
    """(n,) bool: whether each window is of the first class, or of several labels has the normal one alone."""
    return of_class_alone(windows, 0 if windows.y.ndim == 1 else classes.index(normal) if normal in classes else None)


def of_class_alone(windows: Windows, number: int | None) -> np.ndarray:
    """(n,) bool: whether each window has that class and no other; of None, whether it has no label at all."""
    if windows.y.ndim == 1:
        return np.asarray(windows.y == number)
    wanted = np.zeros(windows.y.shape[1], dtype=bool)
    if number is not None:
        wanted[number] = True
    return np.asarray((windows.y.astype(bool) == wanted).all(axis=1))
