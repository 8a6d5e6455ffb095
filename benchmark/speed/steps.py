"""Seconds of following rows that change step by step through networks whose layers are not known, beside what was done before, in turns.

Before, every row was followed alone, in batches of 32 of which the last was seldom full. Run as `python benchmark/speed/steps.py`; the
logits are compared, too.
"""

from __future__ import annotations

import argparse
from functools import partial

import numpy as np
import torch
from _race import alternate, figure, machine, markdown

from ecgbench.models import forward, plain_evaluator
from ecgbench.models.checkpoints.shipped import shipped_model, shipped_record
from ecgbench.types import Curves, Steps

SUBJECTS = {
    **{f"synthetic-{key}_narrow-seed1": 1024 for key in ("xresnet1d", "inception_time", "cnn_lstm", "vit1d", "se_resnet1d")},
    "mitdb-vit1d_narrow+balanced-seed1": 2880,
}
"""Shipped networks, and samples of the windows that they take."""

WINDOWS, SOURCES, PATCH = 4, 20, 16


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    rows = [[name, *raced(name, samples, given.rounds)] for name, samples in SUBJECTS.items()]
    print(markdown(("network", "row by row, s", "full batches, s", "ratio", "largest difference"), rows))
    print(f"{WINDOWS} windows, {SOURCES} orders of patches of {PATCH} samples, half of them replaced; {machine()}")


def raced(name: str, samples: int, rounds: int) -> list[str]:
    """Seconds of both ways, their ratio, and the largest difference of logits."""
    record = shipped_record(name)
    assert record is not None, f"{name} is shipped"
    model, generator = shipped_model(name, record), np.random.default_rng(0)
    x = generator.normal(size=(WINDOWS, 1, samples)).astype(np.float32)
    starts = generator.permuted(np.tile(np.arange(0, samples - PATCH + 1, PATCH), (WINDOWS * SOURCES, 1)), axis=1)
    onset = starts[:, : starts.shape[1] // 2]
    steps = Steps(np.repeat(np.arange(WINDOWS), SOURCES), onset, onset + PATCH)
    ways = (("old", partial(row_by_row, model, x, steps)), ("new", partial(plain_evaluator(model).stepwise, x, steps)))
    difference = np.abs(ways[0][1]() - ways[1][1]()).max()
    taken = alternate(ways, rounds)
    return [figure(taken["old"]), figure(taken["new"]), figure(taken["old"] / taken["new"]), f"{difference:.0e}"]


def row_by_row(model: torch.nn.Module, x: np.ndarray, steps: Steps) -> Curves:
    """Logits along the steps of each row, which is followed alone."""
    samples, curves = np.arange(x.shape[2]), []
    for window, onset, offset in zip(steps.window, steps.onset, steps.offset, strict=True):
        replaced = (samples >= onset[:, None]) & (samples < offset[:, None])
        gone = np.logical_or.accumulate(np.pad(replaced, ((1, 0), (0, 0))))
        curves.append(forward(model, np.where(gone[:, None], 0, x[window]).astype(x.dtype)))
    return np.stack(curves)


if __name__ == "__main__":
    main()
