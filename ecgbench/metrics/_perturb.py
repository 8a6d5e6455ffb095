"""Region perturbation: patches become a baseline in the order of their attributions, the fall of the target's probability is averaged."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from ecgbench.baseline import ZERO, baseline_windows
from ecgbench.metrics._checks import flat_maps, require_choice, require_shape, require_within
from ecgbench.metrics._outputs import target_probability
from ecgbench.randomness import window_generator
from ecgbench.types import Attributions, Curves, PerWindow, Rows, Steps, Targets

Order = Int64[np.ndarray, "n patches"]
PatchOf = Int64[np.ndarray, " time"]

PATCH, ZEROED = 16, 0.5
"""Default width of a patch in samples, and default share of a window's samples that the last step reaches."""

DIFFERS = "ours zeroes half of the samples on a grid from the window's start; Quantus 100 patches of a centred grid, whatever the length"
"""How region perturbation differs from Quantus by default."""


def default_passes(samples: int) -> float:
    """Forward passes per window of `samples` samples: the intact window and one per step; a shorter last patch can require one more."""
    return 1 + math.ceil(ZEROED * samples / PATCH)


@dataclass(frozen=True)
class Plan:
    """Options of region perturbation: the grid of patches, the order of tied patches, and how many patches are zeroed.

    Attributes
    ----------
    most_relevant_first : True for MoRF, False for LeRF
    patch : width of a patch, in samples
    zeroed : share of a window's samples; the last step is the first that reaches it
    patches : number of steps instead of `zeroed`, at most the number of patches
    ties : "random", or "first" for the earlier patch first in MoRF and in LeRF
    grid : "start" for patches that begin at the first sample, the last of which may be shorter; "centred" for a grid whose first and last
        patch are shortened equally
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
    baseline: Any = ZERO,
) -> Steps:
    """The patches to replace, one after another.

    Parameters
    ----------
    most_relevant_first : True for MoRF, False for LeRF
    attributions, x : (n, leads, time)
    seed : seeds the order of tied patches, together with the window
    patch, zeroed, patches, ties, grid : as in `Plan`
    baseline : what replaces them: "zero", "mean", "noise", or windows (leads, time) or (n, leads, time), see `ecgbench.baseline`; here it
        is checked, since it does not move the steps

    Returns
    -------
    One row per map, in the order of the windows

    Raises
    ------
    InputError
        If an option is not among its choices or outside its range, or a map is not finite or not of its window's shape.
    """
    plan = Plan(most_relevant_first, patch, zeroed, patches, ties, grid)
    require_shape("x", x, attributions.shape)
    baseline_windows(baseline, x)
    patch_of = _patch_of(x.shape[2], plan)
    order = _order(patch_sums(attributions, patch_of), x, seed, plan)
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
    curves : (n, points, outputs), logits of the intact windows and after each step
    steps : (n,) number of steps of each window, at least 1
    target : (n,) int64
    multilabel : whether the probability is the sigmoid instead of the softmax
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


def patch_sums(attributions: Attributions, patch_of: PatchOf) -> Float64[np.ndarray, "n patches"]:
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
        # With the sign, LeRF is the exact reverse of MoRF.
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
