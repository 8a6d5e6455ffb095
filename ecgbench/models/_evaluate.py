"""What metrics evaluate a model with: whole forward passes, or a shorter way to the same logits that its architecture declares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Int64

from ecgbench.models._forward import forward
from ecgbench.models._registry import MODELS
from ecgbench.models._whole import Whole
from ecgbench.nn import place_of
from ecgbench.placement import within_memory
from ecgbench.progress import progress
from ecgbench.types import Curves, EvaluateSteps, Logits, Replacement, Rows, Steps


@runtime_checkable
class Path(Protocol):
    """A way to follow rows through their steps, each to the last bit as it would be followed alone."""

    def rows(self, leads: int, time: int) -> int:
        """Rows that it follows at once."""
        ...

    def follow(self, x: Float[np.ndarray, "windows leads time"], steps: Steps, replacement: Replacement = None) -> Curves:
        """Logits (rows, steps + 1, outputs) as the rows are and after each step."""
        ...


@dataclass(frozen=True)
class Evaluator:
    """A model as metrics see it (see `ecgbench.types.EvaluateSteps`).

    Attributes
    ----------
    model : one pass through it gives the logits
    path : how rows are followed through their steps
    batch : rows that pass through the model at once; None for what is usual on its device
    """

    model: torch.nn.Module
    path: Path
    batch: int | None = None

    def __call__(self, rows: Rows) -> Logits:
        """Logits (n, outputs) of standardised rows (n, leads, time)."""
        return forward(self.model, rows, self.batch)

    def stepwise(self, x: Float[np.ndarray, "windows leads time"], steps: Steps, replacement: Replacement = None) -> Curves:
        """Logits (n, steps + 1, outputs) as the rows are and after each of their steps.

        Rows that do the same are followed once, and steps that replace nothing by anything else are not evaluated.
        """
        if replacement is None:
            return self._followed(x, steps, None)
        effective, point = _effective(x, steps, replacement)
        curves: Curves = self._followed(x, effective, replacement)[np.arange(len(steps))[:, None], point]
        return curves

    def _followed(self, x: Float[np.ndarray, "windows leads time"], steps: Steps, replacement: Replacement) -> Curves:
        points, (distinct, row_of) = 1 + steps.onset.shape[1], _distinct(steps)
        if not len(steps):
            return self(x[:0])[:, None].repeat(points, axis=1)

        def followed(at_once: int) -> list[Curves]:
            shown = progress(_batches(len(distinct), at_once), "perturbed rows", "batch", delay=5)
            return [self.path.follow(x, distinct.take(rows), replacement) for rows in shown]

        found = within_memory(followed, self.path.rows(*x.shape[1:]), place_of(self.model).device)
        curves: Curves = np.concatenate([np.pad(part, ((0, 0), (0, points - part.shape[1]), (0, 0))) for part in found])[row_of]
        return curves


def evaluator(model: torch.nn.Module) -> EvaluateSteps:
    """What metrics evaluate a model with: what its architecture declares, and whole passes for any other model."""
    return declared_evaluator(model) or plain_evaluator(model)


def declared_evaluator(model: torch.nn.Module) -> EvaluateSteps | None:
    """What the model's registered architecture declares to evaluate it with.

    None for any other model, and for one that was altered since it was built, by an exchanged module or a hook.
    """
    for make in dict.fromkeys(entry.evaluator for entry in MODELS):
        found = None if make is None else make(model)
        if found is not None:
            return found
    return None


def compact(model: torch.nn.Module) -> torch.nn.Module:
    """A network with the same logits that is cheaper to explain, if the model's architecture knows one; else the model itself."""
    for make in dict.fromkeys(entry.compact for entry in MODELS):
        smaller = model if make is None else make(model)
        if smaller is not model:
            return smaller
    return model


def plain_evaluator(model: torch.nn.Module, batch: int | None = None) -> EvaluateSteps:
    """What metrics evaluate any model with: whole passes through the model as it is."""
    return Evaluator(model, Whole(model, batch), batch)


def _distinct(steps: Steps) -> tuple[Steps, Int64[np.ndarray, " n"]]:
    """The rows that differ, those of a window together, and which of them each row is."""
    behind = np.arange(steps.onset.shape[1]) >= steps.count[:, None]
    borders = [np.where(behind, 0, border) for border in (steps.onset, steps.offset)]
    rows, row_of = np.unique(np.column_stack([steps.window, *borders]), axis=0, return_inverse=True)
    onset, offset = np.split(rows[:, 1:], 2, axis=1)
    return Steps(rows[:, 0], onset, offset), row_of.reshape(-1)


def _effective(
    x: Float[np.ndarray, "windows leads time"], steps: Steps, replacement: Float[np.ndarray, "windows leads time"]
) -> tuple[Steps, Int64[np.ndarray, "rows points"]]:
    """The steps that change a sample of their windows, and after how many of these each row is at each of its points."""
    differing = np.pad((x != replacement).any(axis=1).cumsum(axis=1), ((0, 0), (1, 0)))
    window, time = steps.window[:, None], x.shape[2]
    changes = differing[window, steps.offset.clip(max=time)] > differing[window, steps.onset.clip(max=time)]
    count = changes.sum(axis=1)
    first = np.argsort(~changes, axis=1, kind="stable")[:, : count.max(initial=0)]
    onset, offset = (np.take_along_axis(border, first, axis=1) for border in (steps.onset, steps.offset))
    taken = np.arange(first.shape[1]) < count[:, None]
    point = np.pad(changes.cumsum(axis=1), ((0, 0), (1, 0)))
    return Steps(steps.window, onset, np.where(taken, offset, onset)), point


def _batches(count: int, most: int) -> list[Int64[np.ndarray, " rows"]]:
    """Numbers from 0 in as few parts as possible, of nearly equal sizes."""
    return np.array_split(np.arange(count), -(-count // most))
