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
    digest = hashlib.sha256(f"{seed}\0{purpose}\0".encode())
    digest.update(np.ascontiguousarray(window, dtype="<f4").tobytes())
    return np.random.default_rng(int.from_bytes(digest.digest(), "little"))
