"""Race the ways to follow rows through a perturbation, by architecture: batches of one row's steps, shared batches, what is used.

Run as `python benchmark/speed/perturbation.py --samples 1024`. Rows are what a source of maps asks for: raw and absolute maps of each
window, most and least relevant patches first. All ways take turns in one process, in seconds of the processor; their logits are compared
first.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from _race import figure, machine, markdown

from ecgbench.metrics import METRICS
from ecgbench.models import evaluator, forward, plain_evaluator, untrained
from ecgbench.models._evaluate import Evaluator
from ecgbench.placement import BATCH
from ecgbench.types import Curves, Replacement, Rows, Steps

NARROW = ("xresnet1d_narrow", "inception_time_narrow", "cnn_lstm_narrow", "vit1d_narrow", "se_resnet1d_narrow")

SAME = 1e-4
"""Largest difference of two logits that are the same but for rounding, as a share of the largest; a race between others is refused."""

HEADER = ("architecture", "one row a batch, ms a step", "shared batches", "ratio", "what is used", "ratio", "difference")


class RowByRow:
    """Follows rows by whole passes in batches that hold the steps of one row only."""

    def __init__(self, model: torch.nn.Module) -> None:
        self._model = model

    def rows(self, leads: int, time: int) -> int:
        """Rows that it follows at once."""
        return 1

    def follow(self, x: Rows, steps: Steps, replacement: Replacement = None) -> Curves:
        """Logits (rows, steps + 1, outputs) as the rows are and after each step."""
        states = [x[steps.window]]
        for onset, offset in zip(steps.onset.T, steps.offset.T, strict=True):
            states.append(states[-1].copy())
            for row, first, behind in zip(states[-1], onset, offset, strict=True):
                row[:, first:behind] = 0
        return np.stack([forward(self._model, row, BATCH) for row in np.stack(states, axis=1)])


def asked(x: Rows) -> Steps:
    """Steps of region perturbation by made-up maps with signs, and by their absolute values."""
    maps = np.random.default_rng(1).standard_normal(x.shape, dtype=np.float32)
    entries = [METRICS[f"region_perturbation_{order}"].perturb for order in ("morf", "lerf")]
    target = {"x": x, "seed": 0}
    return Steps.joined([perturb(some, **target) for perturb in entries if perturb is not None for some in (maps, np.abs(maps))])


def processor_seconds(calls: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """Least seconds of calls that take turns: of the processor, since other programs may use it meanwhile."""
    taken = [[] for _ in calls]
    for _ in range(rounds):
        for seconds, call in zip(taken, calls, strict=True):
            start = time.process_time()
            call()
            seconds.append(time.process_time() - start)
    return [min(seconds) for seconds in taken]


def raced(name: str, x: Rows, rounds: int, precision: torch.dtype) -> list[str]:
    """Milliseconds a step, and how many times faster than the first way."""
    model, steps = untrained(name, 3, leads=x.shape[1], samples=x.shape[2]).to(precision).eval(), asked(x)
    ways = [Evaluator(model, RowByRow(model)), plain_evaluator(model), evaluator(model)]
    curves = [way.stepwise(x, steps) for way in ways]
    difference = max(np.abs(one - curves[0]).max() for one in curves) / np.abs(curves[0]).max()
    if difference > SAME:
        raise SystemExit(f"expected equal logits of {name}, got {difference:.0e}; mend its evaluator.")
    seconds = processor_seconds([lambda way=way: way.stepwise(x, steps) for way in ways], rounds)
    before, shared, used = (1e3 * taken / (len(steps) * (1 + steps.onset.shape[1])) for taken in seconds)
    return [figure(before), figure(shared), figure(before / shared), figure(used), figure(before / used), f"{difference:.0e}"]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", nargs="+", default=NARROW)
    parser.add_argument("--samples", type=int, default=1024)
    parser.add_argument("--windows", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precision", choices=("float32", "float64"), default="float32")
    given = parser.parse_args()
    x = np.random.default_rng(0).standard_normal((given.windows, 1, given.samples), dtype=np.float32)
    rows = [[name, *raced(name, x, given.rounds, getattr(torch, given.precision))] for name in given.model]
    print(markdown(HEADER, rows))
    print(f"{given.windows} windows of {given.samples} samples, {given.precision}; {machine()}")


if __name__ == "__main__":
    main()
