"""The game of a window against its counterfactual twin: who plays, and which windows qualify for it.

A window qualifies for a model if its twin is predicted normal, if its sham, where it has one, keeps the label, and if the label's logit
falls by at least `LEAST_FALL` from window to twin. Otherwise all metrics of the family are undefined: what the twin changes says nothing of
the model's reasons.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64, Int64

from ecgbench.metrics._checks import require_shape
from ecgbench.metrics._outputs import target_logit
from ecgbench.metrics._perturb import patch_sums
from ecgbench.types import Attributions, Evaluate, Logits, PerWindow, Rows, Targets

PATCH_SECONDS = 0.1
"""Length of a patch."""

LEADS_TOGETHER = 3
"""Up to so many leads a patch covers all of them. Of more, it covers so many neighbours: of the usual twelve I to III, aVR to aVF, V1 to V3
or V4 to V6."""

DIFFERENCE = 1e-6
"""Largest difference between window and twin, in standard deviations, that counts as none."""

LEAST_FALL = 1.0
"""Least fall of the label's logit from window to twin."""

REASONS = ("qualifies", "no_twin", "twin_not_normal", "sham_loses_label", "small_fall")
"""Why a window qualifies or doesn't, by its number."""

Reasons = Int64[np.ndarray, " n"]
Window = Float[np.ndarray, "leads time"]
Cells = Int64[np.ndarray, "leads time"]
PerCell = Float64[np.ndarray, "n cells"]


@dataclass(frozen=True)
class Grid:
    """The cells that a window is parted into: patches of time, of all leads or of some neighbours.

    Attributes
    ----------
    leads, time : of the window
    patch : samples of a patch; the last one may be shorter
    """

    leads: int
    time: int
    patch: int

    @property
    def groups(self) -> list[slice]:
        """The leads that belong together."""
        together = self.leads if self.leads <= LEADS_TOGETHER else LEADS_TOGETHER
        return [slice(first, min(first + together, self.leads)) for first in range(0, self.leads, together)]

    @property
    def patch_of(self) -> Int64[np.ndarray, " time"]:
        """Each sample's patch."""
        return np.arange(self.time) // self.patch

    @property
    def cells(self) -> Cells:
        """Each value's cell: patch by patch within a group of leads, one group behind the other."""
        cells = np.empty((self.leads, self.time), dtype=np.int64)
        for number, group in enumerate(self.groups):
            cells[group] = self.patch_of + number * (self.patch_of[-1] + 1)
        return cells

    def sums(self, attributions: Attributions) -> PerCell:
        """What each cell's attributions (n, leads, time) sum to."""
        return np.concatenate([patch_sums(attributions[:, group], self.patch_of) for group in self.groups], axis=1)

    def players(self, x: Rows, twin: Rows) -> Bool[np.ndarray, "n cells"]:
        """Cells in which window and twin differ; none where there is no twin."""
        cells, count = self.cells, int(self.cells.max()) + 1
        players = np.zeros((len(x), count), dtype=bool)
        for row, differs in zip(players, np.abs(x - twin) > DIFFERENCE, strict=True):
            row[cells[differs]] = True
        return players


def grid_of(x: Rows, fs: float) -> Grid:
    """The cells of windows (n, leads, time) sampled at `fs` Hz."""
    return Grid(x.shape[1], x.shape[2], patch_samples(fs))


def patch_samples(fs: float) -> int:
    """Samples of a patch at `fs` Hz."""
    return max(1, round(PATCH_SECONDS * fs))


def loses_label(logits: Logits, target: Targets, multilabel: bool) -> Bool[np.ndarray, " n"]:
    """Whether a label is not predicted: another class has the highest logit; of several labels, or one output, the label's is below 0."""
    if multilabel or logits.shape[1] == 1:
        return target_logit(logits, target) < 0
    lost: Bool[np.ndarray, " n"] = logits.argmax(axis=1) != target
    return lost


def is_normal(logits: Logits, target: Targets, multilabel: bool) -> Bool[np.ndarray, " n"]:
    """Whether a twin is one: class 0, the normal one, is predicted; of several labels, or for class 0 itself, the label is not."""
    lost = loses_label(logits, target, multilabel)
    if multilabel or logits.shape[1] == 1:
        return lost
    normal: Bool[np.ndarray, " n"] = lost & ((logits.argmax(axis=1) == 0) | (target == 0))
    return normal


def reasons(x: Rows, twin: Rows, sham: Rows, target: Targets, evaluate: Evaluate, multilabel: bool) -> tuple[Reasons, PerWindow, PerWindow]:
    """Whether each window qualifies, and the label's logit of the window and of its twin, nan where there is none.

    `evaluate` is called once per window, so that no batch mixes rows of different windows.

    Parameters
    ----------
    x, twin, sham : (n, leads, time); twins and shams are nan where there is none
    target : (n,) int64
    evaluate : returns the logits of rows
    multilabel : whether a window can have several labels

    Returns
    -------
    (n,) numbers of `REASONS`, and twice (n,) logits
    """
    for name, array in (("twin", twin), ("sham", sham)):
        require_shape(name, array, x.shape)
    found = np.full(len(x), REASONS.index("no_twin"))
    logits = np.full((2, len(x)), np.nan)
    for i in np.flatnonzero(np.isfinite(twin).all(axis=(1, 2))):
        rows = np.stack([x[i], twin[i], *([sham[i]] if np.isfinite(sham[i]).all() else [])])
        outputs = evaluate(rows)
        label = np.repeat(target[i], len(rows))
        logits[:, i] = target_logit(outputs, label)[:2]
        found[i] = REASONS.index(_reason(outputs, label, multilabel))
    return found, logits[0], logits[1]


def _reason(outputs: Logits, label: Targets, multilabel: bool) -> str:
    """Of one window, from the logits of itself, its twin, and its sham if there is one."""
    logit = target_logit(outputs, label)
    if not is_normal(outputs, label, multilabel)[1]:
        return "twin_not_normal"
    if loses_label(outputs, label, multilabel)[2:].any():
        return "sham_loses_label"
    return "qualifies" if logit[0] - logit[1] >= LEAST_FALL else "small_fall"
