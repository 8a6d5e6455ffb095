"""How a model is evaluated: rows, the steps by which they change, and the callables that give logits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int64

Rows = Float[np.ndarray, "n leads time"]
Logits = Float[np.ndarray, "n outputs"]
Curves = Float[np.ndarray, "n points outputs"]
Replacement = Float[np.ndarray, "windows leads time"] | None


@dataclass(frozen=True)
class Steps:
    """Rows that lose one interval after another: all leads are replaced there, by zeros or another signal, and what was replaced stays so.

    Attributes
    ----------
    window : (n,) int64, index of the window that a row starts as
    onset, offset : (n, steps) int64, samples from onset to offset (exclusive); empty intervals stand behind a row's last step
    """

    window: Int64[np.ndarray, " n"]
    onset: Int64[np.ndarray, "n steps"]
    offset: Int64[np.ndarray, "n steps"]

    def __len__(self) -> int:
        return len(self.window)

    @property
    def count(self) -> Int64[np.ndarray, " n"]:
        """Steps that each row takes."""
        count: Int64[np.ndarray, " n"] = (self.offset > self.onset).sum(axis=1)
        return count

    @staticmethod
    def joined(parts: Sequence[Steps]) -> Steps:
        """All rows of all parts."""
        longest = max(part.onset.shape[1] for part in parts)
        padding = [((0, 0), (0, longest - part.onset.shape[1])) for part in parts]
        onset, offset = (
            np.concatenate([np.pad(getattr(part, border), width) for part, width in zip(parts, padding, strict=True)])
            for border in ("onset", "offset")
        )
        return Steps(np.concatenate([part.window for part in parts]), onset, offset)

    def take(self, index: Int64[np.ndarray, " m"]) -> Steps:
        """The rows at `index`, in that order, with as many steps as the longest of them takes."""
        longest = int(self.count[index].max(initial=0))
        return Steps(self.window[index], self.onset[index, :longest], self.offset[index, :longest])


@runtime_checkable
class Evaluate(Protocol):
    """Maps standardised rows to the model's logits; implementations may batch them."""

    def __call__(self, rows: Rows) -> Logits:
        """Logits (n, outputs) of standardised rows (n, leads, time)."""
        ...


@runtime_checkable
class EvaluateSteps(Evaluate, Protocol):
    """Also follows rows that change little by little; implementations may batch them or compute only what changes."""

    def stepwise(self, x: Float[np.ndarray, "windows leads time"], steps: Steps, replacement: Replacement = None) -> Curves:
        """Logits (n, steps + 1, outputs) of rows as they are and after each of their steps.

        Parameters
        ----------
        x : (windows, leads, time), standardised
        steps : n rows; what stands behind a row's last step means nothing
        replacement : (windows, leads, time), what a window's samples are replaced by; None for zeros
        """
        ...
