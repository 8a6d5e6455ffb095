"""How many rows are followed at once."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from ecgbench.models._evaluate import Evaluator
from ecgbench.models.fast.incremental import Incremental
from ecgbench.models.fast.layers import Residual
from ecgbench.models.residual.network import ResNet
from ecgbench.types import Curves, Replacement, Steps

from ..networks import steps_of


class Spy:
    """A path that remembers how many rows it followed at once."""

    def __init__(self, path: Incremental) -> None:
        self._path, self.followed = path, []

    def rows(self, leads: int, time: int) -> int:
        return self._path.rows(leads, time)

    def follow(self, x: Float[np.ndarray, "windows leads time"], steps: Steps, replacement: Replacement = None) -> Curves:
        self.followed.append(len(steps))
        return self._path.follow(x, steps, replacement)


def spied(model: ResNet) -> tuple[Evaluator, list[int]]:
    spy = Spy(Incremental(Residual(model)))
    return Evaluator(model, spy), spy.followed


FOUR = steps_of([(0, 9), (40, 49)], [(60, 77)], [(11, 12), (12, 13), (3, 40)], [(90, 101)], window=[1, 0, 1, 2])
"""Rows that lose intervals of all lengths in windows of 101 samples."""
