"""Where in the window the units of a layer stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True, eq=False)
class Places:
    """The units' places in time.

    Attributes
    ----------
    centres : sample at which each unit stands, rising; nan for a unit that has no place, as a class token has none
    half : where no two units see a sample in common, how far a unit sees to either side of its centre, in samples; else 0
    seen : how many samples a unit sees, 0 where it is not known
    """

    centres: Float[np.ndarray, " units"]
    half: float = 0.0
    seen: float = 0.0
