"""Random generators seeded by what they are for, never by the order of calls."""

from __future__ import annotations

import hashlib

import numpy as np
from jaxtyping import Float


def window_generator(seed: int, window: Float[np.ndarray, "leads time"], purpose: str) -> np.random.Generator:
    """A generator that depends on the seed, the window's values as float32 and the purpose, and on nothing else.

    Two windows of a batch, or the same window in two batches, can therefore not influence each other.

    Parameters
    ----------
    seed : the run's seed
    window : (leads, time) standardised signal
    purpose : what is drawn, so that two uses of the same window don't draw alike
    """
    return _generator(f"{seed}\0{purpose}\0".encode(), np.ascontiguousarray(window, dtype="<f4").tobytes())


def seed_generator(seed: int, purpose: str) -> np.random.Generator:
    """A generator that depends on the seed and the purpose, and on nothing else: for what all windows of a run share."""
    return _generator(f"{seed}\0{purpose}\0".encode())


def _generator(*parts: bytes) -> np.random.Generator:
    return np.random.default_rng(int.from_bytes(hashlib.sha256(b"".join(parts)).digest(), "little"))
