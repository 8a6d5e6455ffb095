"""Seconds of relevance and contributions of recurrent layers: a layer as one operation, beside its operations one by one, in turns.

Run as `python benchmark/speed/recurrence.py --samples 1000`. The values are compared, too.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from _race import alternate, figure, machine, markdown

from ecgbench.methods import explanation
from ecgbench.methods.rules.composed.recurrent import step_by_step
from ecgbench.methods.rules.relevance import recurrence
from ecgbench.methods.rules.rescale.compared import Compared

LEADS, UNITS, WINDOWS = 12, 16, 8


class Last(torch.nn.Module):
    """A recurrent layer, and logits of its last output."""

    def __init__(self, layer: torch.nn.RNNBase) -> None:
        super().__init__()
        self.layer, self.out = layer, torch.nn.Linear(UNITS, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.out(self.layer(x.transpose(1, 2))[0][:, -1])
        return logits


def _one_by_one(rule: Any, *given: Any) -> Any:
    with rule:
        return step_by_step(*given)


@contextmanager
def one_by_one() -> Iterator[None]:
    """Every operation of every step by itself."""
    with patch.object(recurrence, "_over_time", _one_by_one), patch.object(Compared, "_over_time", _one_by_one):
        yield


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    torch.manual_seed(0)
    x = np.random.default_rng(0).normal(size=(WINDOWS, LEADS, given.samples)).astype(np.float32)
    models = {kind.__name__: Last(kind(LEADS, UNITS, batch_first=True)).eval() for kind in (torch.nn.LSTM, torch.nn.GRU, torch.nn.RNN)}
    rows = [[f"{method}, {name}", *raced(models[name], x, method, given.rounds)] for name in models for method in ("lrp", "deep_lift")]
    print(markdown(("method, layer", "one by one, s", "as one operation, s", "ratio", "largest difference"), rows))
    print(f"{WINDOWS} windows of {LEADS} x {given.samples}; {machine()}")


def raced(model: torch.nn.Module, x: np.ndarray, method: str, rounds: int) -> list[str]:
    """Seconds of both ways, their ratio, and the largest difference of their maps as a share of the largest value."""

    def call() -> Any:
        return explanation(model, x, 1, method)

    def slowly() -> Any:
        with one_by_one():
            return call()

    new, old = call().maps, slowly().maps
    taken = alternate((("old", slowly), ("new", call)), rounds)
    difference = np.abs(new - old).max() / np.abs(old).max()
    return [figure(taken["old"]), figure(taken["new"]), figure(taken["old"] / taken["new"]), f"{difference:.0e}"]


if __name__ == "__main__":
    main()
