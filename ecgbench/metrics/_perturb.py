"""Region perturbation: patches are zeroed in the order of their attributions, and the fall of the probability is averaged."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from ecgbench.metrics._checks import flat_maps, require_choice, require_shape, require_within
from ecgbench.metrics._outputs import target_probability
from ecgbench.randomness import window_generator
from ecgbench.types import Attributions, Evaluate, PerWindow, Rows, Targets

Order = Int64[np.ndarray, "n patches"]
PatchOf = Int64[np.ndarray, " time"]


PATCH, ZEROED = 16, 0.5
"""Samples of a patch, and the share of a window's samples that are zeroed in the end."""


def default_passes(samples: int) -> float:
    """Forward passes a window: one as it is, one a step; a short last patch can make it one more."""
    return 1 + math.ceil(ZEROED * samples / PATCH)


@dataclass(frozen=True)
class Plan:
    """Which patches there are, how their ties are ordered and how many are zeroed.

    Attributes
    ----------
    most_relevant_first : MoRF, else LeRF
    patch : samples of a patch
    zeroed : share of the samples; a window's last step is the first that reaches it
    patches : number of steps (all patches if there are fewer), instead of `zeroed`
    ties : "random", or "first" for the earlier patch first in either direction
    grid : "start" for patches from the first sample on, of which the last may be shorter; "centred" for patches laid so that the
        first and the last share what is missing
    """

    most_relevant_first: bool
    patch: int
    zeroed: float
    patches: int | None
    ties: str
    grid: str

    def __post_init__(self) -> None:
        require_within("patch", self.patch, 1)
        require_within("zeroed", self.zeroed, 0.0, 1.0)
        if self.patches is not None:
            require_within("patches", self.patches, 1)
        require_choice("ties", self.ties, ("first", "random"))
        require_choice("grid", self.grid, ("centred", "start"))


def region_perturbation(
    attributions: Attributions, x: Rows, target: Targets, evaluate: Evaluate, seed: int, multilabel: bool, plan: Plan
) -> PerWindow:
    """Mean height, by the trapezoid rule, of the curve p(x) - p(x_k) over the steps k.

    `evaluate` sees all windows once as they are and once after each step, always in the same order and in a new array; windows that
    need fewer steps than others stay as they are.

    Parameters
    ----------
    attributions, x : (n, leads, time)
    target : (n,) int64
    evaluate : rows to logits
    seed : of the order of tied patches
    multilabel : sigmoid instead of softmax
    plan : the metric's options
    """
    require_shape("x", x, attributions.shape)
    require_shape("target", target, attributions.shape[:1])
    patch_of = _patch_of(x.shape[2], plan)
    order = _order(_patch_sums(attributions, patch_of), x, seed, plan)
    steps = _steps(np.bincount(patch_of)[order], plan)
    unperturbed = target_probability(evaluate(x), target, multilabel)
    rows, area, before = x, np.zeros(len(x)), np.zeros(len(x))
    for step in range(steps.max(initial=0)):
        running = step < steps
        rows = _zeroed(rows, patch_of, order[:, step], running)
        drop = unperturbed - target_probability(evaluate(rows), target, multilabel)
        area += np.where(running, (before + drop) / 2, 0.0)
        before = drop
    height: PerWindow = area / steps
    return height


def _patch_of(time: int, plan: Plan) -> PatchOf:
    offset = -time % plan.patch // 2 if plan.grid == "centred" else 0
    return (np.arange(time) + offset) // plan.patch


def _patch_sums(attributions: Attributions, patch_of: PatchOf) -> Float64[np.ndarray, "n patches"]:
    """Sum of each patch over its samples and all leads; patches of equal values have exactly equal sums."""
    values = flat_maps(attributions).reshape(attributions.shape)
    borders = np.flatnonzero(np.diff(patch_of)) + 1
    # One contiguous row a patch: numpy then adds in an order that depends neither on the batch nor on the patch's place.
    sums = [part.reshape(len(part), math.prod(part.shape[1:])).sum(axis=1) for part in np.split(values, borders, axis=2)]
    return np.stack(sums, axis=1)


def _order(sums: Float64[np.ndarray, "n patches"], x: Rows, seed: int, plan: Plan) -> Order:
    """Patches of each window in the order in which they are zeroed."""
    sign = -1 if plan.most_relevant_first else 1
    places = np.arange(sums.shape[1])
    if plan.ties == "first":
        keys = np.broadcast_to(places, sums.shape)
    else:
        # The sign makes one direction the other's exact reverse.
        drawn = [sign * window_generator(seed, window, "region_perturbation").permutation(places) for window in x]
        keys = np.asarray(drawn, dtype=np.int64).reshape(sums.shape)
    order: Order = np.lexsort((keys, sign * sums), axis=1)
    return order


def _steps(lengths: Order, plan: Plan) -> Int64[np.ndarray, " n"]:
    """Number of steps of each window, given its patches' lengths in the order in which they are zeroed."""
    if plan.patches is not None:
        return np.full(len(lengths), min(plan.patches, lengths.shape[1]))
    reached = lengths.cumsum(axis=1)
    steps: Int64[np.ndarray, " n"] = 1 + (reached < plan.zeroed * reached[:, -1:] - 1e-9).sum(axis=1)
    return steps


def _zeroed(rows: Rows, patch_of: PatchOf, patch: Int64[np.ndarray, " n"], running: Bool[np.ndarray, " n"]) -> Rows:
    """New rows, with one patch of every running window set to 0 in all leads."""
    hit = (patch_of == patch[:, None]) & running[:, None]
    return np.where(hit[:, None, :], rows.dtype.type(0), rows)
