"""Windows whose patches are exchanged with their twins' one after another, in the order of their attributions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int64
from numpy.typing import NDArray

from ecgbench.metrics._outputs import target_logit
from ecgbench.metrics._perturb import patches_in_turn
from ecgbench.metrics._registry import PASSES_FS
from ecgbench.metrics._twins import REASONS, patch_samples, reasons
from ecgbench.types import Attributions, Curves, Evaluate, PerWindow, Rows, Steps, Targets

SHARED = "twin_qualification"
"""Name of what all metrics of the family but one share."""

HALF = 0.5
"""Share of a window up to which curves are averaged."""

Changed = Int64[np.ndarray, "n points"]


def qualification(
    x: Rows, twin: Rows, sham: Rows, target: Targets, evaluate: Evaluate, multilabel: bool
) -> dict[str, Int64[np.ndarray, " n"]]:
    """Whether each window qualifies, as `reason` (n,), a number of `REASONS` (see `reasons` for the parameters)."""
    return {"reason": reasons(x, twin, sham, target, evaluate, multilabel)[0]}


def qualifies(shared: Mapping[str, NDArray[Any]]) -> Bool[np.ndarray, " n"]:
    """Which windows do."""
    found: Bool[np.ndarray, " n"] = shared["reason"] == REASONS.index("qualifies")
    return found


def passes(samples: int) -> float:
    """Forward passes of a window that equals its twin in one patch: itself, a step for each other patch, and two for its qualification."""
    return 2 + -(-samples // patch_samples(PASSES_FS))


def exchanged_in_turn(most_relevant_first: bool, attributions: Attributions, x: Rows, twin: Rows, fs: float, seed: int) -> Steps:
    """All patches of all leads, one after another, to the last: then the window is its twin. Windows without a twin take no step.

    Parameters
    ----------
    most_relevant_first : True for MoRF, False for LeRF
    attributions, x, twin : (n, leads, time)
    fs : Hz; a patch is 0.1 s
    seed : seeds the order of tied patches, together with the window
    """
    steps = patches_in_turn(most_relevant_first, attributions, x, seed, patch=patch_samples(fs), zeroed=1.0)
    has = np.isfinite(twin).all(axis=(1, 2))[:, None]
    return Steps(steps.window, steps.onset, np.where(has, steps.offset, steps.onset))


def mean_share(
    curves: Curves, steps: Int64[np.ndarray, " n"], changed: Changed, target: Targets, shared: Mapping[str, NDArray[Any]]
) -> PerWindow:
    """Mean height, by the trapezoid rule, of (f(x) - f(x_k)) / (f(x) - f(x')) over the steps k to half of the window; f is a logit.

    Parameters
    ----------
    curves : (n, points, outputs), logits of the windows and after each step
    steps : (n,) number of steps, after which a window x is its twin x'
    changed : (n, points) samples of a lead that were exchanged before each point
    target : (n,) int64
    shared : what `qualification` returned for these windows
    """
    logit = label_logits(curves, target)
    fall = logit[:, 0] - np.take_along_axis(logit, steps[:, None], axis=1)[:, 0]
    # The last step that counts is the first that reaches half of the window.
    counts = changed[:, :-1] < HALF * changed.max(axis=1, initial=0)[:, None] - 1e-9
    return mean_height_of_share(logit, np.where(qualifies(shared), fall, np.nan), counts)


def label_logits(curves: Curves, target: Targets) -> Float64[np.ndarray, "n points"]:
    """The label's logit along curves (n, points, outputs)."""
    count, points, outputs = curves.shape
    return target_logit(curves.reshape(-1, outputs), np.repeat(target, points)).reshape(count, points)


def mean_height_of_share(logit: Float64[np.ndarray, "n points"], fall: PerWindow, counts: Bool[np.ndarray, "n steps"]) -> PerWindow:
    """Mean height, by the trapezoid rule, of the fall of a logit as a share of its whole fall, over the steps that count.

    Parameters
    ----------
    logit : (n, points)
    fall : (n,) the whole fall; nan where it is undefined
    counts : (n, points - 1)
    """
    share = (logit[:, :1] - logit) / np.where(np.isnan(fall), 1.0, fall)[:, None]
    height = np.where(counts, (share[:, :-1] + share[:, 1:]) / 2, 0.0).sum(axis=1) / np.maximum(counts.sum(axis=1), 1)
    return np.where(np.isnan(fall), np.nan, height)
