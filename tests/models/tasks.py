"""A tiny task that a narrow network learns in a moment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ecgbench.models import Training, train_model
from ecgbench.models.residual.network import ResNet
from ecgbench.protocol import SYNTHETIC
from ecgbench.types import Windows

EPOCHS = 3
RECIPE = replace(SYNTHETIC.recipe, epochs=EPOCHS, batch_size=8, learning_rate=1e-2)
TRAINING = Training(RECIPE, seed=1)

Trained = tuple[ResNet, list[dict[str, Any]]]


def windows_of(count: int, seed: int, labels: int = 0) -> Windows:
    """Windows of 64 samples whose class is the place of a bump, or with several labels."""
    generator = np.random.default_rng(seed)
    y = generator.integers(0, 3, count)
    signal = generator.normal(0, 0.3, (count, 1, 64)).astype(np.float32)
    for i, class_ in enumerate(y):
        signal[i, 0, 20 * class_ : 20 * class_ + 8] += 3
    if labels:
        y = (generator.random((count, labels)) < 0.5).astype(np.uint8)
    names = np.full(count, "r")
    return Windows(signal, y, names, names, np.arange(count), [np.zeros((0, 3), dtype=np.int64)] * count)


TRAIN, TEST = windows_of(20, 1), windows_of(12, 2)


def trained(folder: Path, training: Training = TRAINING, train: Windows = TRAIN, test: Windows = TEST, outputs: int = 3) -> Trained:
    return train_model(training, train, test, outputs, folder)


def timeless(log: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in entry.items() if name != "seconds"} for entry in log]
