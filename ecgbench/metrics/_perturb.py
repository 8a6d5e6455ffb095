"""Region perturbation: patches are zeroed in the order of their attributions, and the fall of the probability is averaged."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from ecgbench.metrics._checks import flat_maps, require_choice, require_shape, require_within
from ecgbench.metrics._outputs import target_probability
from ecgbench.randomness import window_generator
from ecgbench.types import Attributions, Curves, PerWindow, Rows, Steps, Targets

Order = Int64[np.ndarray, "n patches"]
PatchOf = Int64[np.ndarray, " time"]

PATCH, ZEROED = 16, 0.5
"""Samples of a patch, and the share of a window's samples that are zeroed in the end."""

DIFFERS = "ours zeroes half of the samples on a grid from the window's start; Quantus 100 patches of a centred grid, whatever the length"
"""How region perturbation differs from Quantus by default."""


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


def patches_in_turn(
    most_relevant_first: bool,
    attributions: Attributions,
    x: Rows,
    seed: int,
    patch: int = PATCH,
    zeroed: float = ZEROED,
    patches: int | None = None,
    ties: str = "random",
    grid: str = "start",
) -> Steps:
    """Which patches are zeroed one after another.

    Parameters
    ----------
    most_relevant_first : MoRF, else LeRF
    attributions, x : (n, leads, time)
    seed : of the order of tied patches
    patch, zeroed, patches, ties, grid : as in `Plan`

    Returns
    -------
    A row for each map, which starts as the window of the same index

    Raises
    ------
    InputError
        If an option is none of its choices or out of its range, or a map is not finite or does not fit its window.
    """
    plan = Plan(most_relevant_first, patch, zeroed, patches, ties, grid)
    require_shape("x", x, attributions.shape)
    patch_of = _patch_of(x.shape[2], plan)
    order = _order(_patch_sums(attributions, patch_of), x, seed, plan)
    lengths = np.bincount(patch_of)
    steps = _steps(lengths[order], plan)
    order = order[:, : steps.max(initial=0)]
    onset = (lengths.cumsum() - lengths)[order]
    taken = np.arange(order.shape[1]) < steps[:, None]
    return Steps(np.arange(len(x)), onset, onset + np.where(taken, lengths[order], 0))


def mean_height(curves: Curves, steps: Int64[np.ndarray, " n"], target: Targets, multilabel: bool) -> PerWindow:
    """Mean height, by the trapezoid rule, of the curve p(x) - p(x_k) over the steps k.

    Parameters
    ----------
    curves : (n, points, outputs), logits of the windows as they are and after each step
    steps : (n,) that each window takes; at least 1
    target : (n,) int64
    multilabel : sigmoid instead of softmax
    """
    count, points, outputs = curves.shape
    require_shape("steps", steps, (count,))
    require_shape("target", target, (count,))
    flat = target_probability(curves.reshape(-1, outputs), np.repeat(target, points), multilabel)
    probability = flat.reshape(count, points)
    drop = probability[:, :1] - probability
    taken = np.arange(points - 1) < steps[:, None]
    height: PerWindow = np.where(taken, (drop[:, :-1] + drop[:, 1:]) / 2, 0.0).sum(axis=1) / steps
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
