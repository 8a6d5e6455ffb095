"""Augmentation of training windows: baseline wander, noise and scale."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32

from ecgbench.protocol import Augmentation

Batch = Float32[np.ndarray, "n leads time"]


def augmented(x: Batch, by: Augmentation, generator: np.random.Generator) -> Batch:
    """Windows with a wandering baseline and noise of their own on every lead, and all leads larger or smaller by one factor.

    Parameters
    ----------
    x : standardised windows
    by : how much
    generator : of the random numbers
    """
    n, leads, time = x.shape
    wander = _wander(n * leads, time, by, generator).reshape(x.shape)
    level = generator.uniform(0, by.noise, (n, leads, 1)).astype(np.float32)
    noise = level * generator.standard_normal(x.shape, dtype=np.float32)
    factor = np.exp(by.scale * generator.standard_normal((n, 1, 1))).astype(np.float32)
    changed: Batch = factor * (x + wander + noise)
    return changed


def _wander(rows: int, time: int, by: Augmentation, generator: np.random.Generator) -> Float32[np.ndarray, "rows time"]:
    """Sums of slow sines with random frequencies, phases and a common amplitude in each row."""
    cycles = generator.uniform(by.slowest, by.fastest, (rows, by.waves, 1))
    phase = generator.uniform(0, 1, (rows, by.waves, 1))
    waves = np.sin(2 * np.pi * (cycles * np.arange(time) / time + phase)).astype(np.float32).sum(axis=1)
    deviation = generator.uniform(0, by.wander, (rows, 1)).astype(np.float32)
    found: Float32[np.ndarray, "rows time"] = deviation * waves * np.float32(np.sqrt(2 / by.waves))
    return found
