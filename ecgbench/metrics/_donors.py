"""Windows whose patches become the donor's, what the patient's normal ECG has at the same cardiac phase.

A window qualifies for a model if it has a donor that is predicted normal, and if the label's logit falls by at least `LEAST_FALL` from
window to donor. Otherwise the exchange says nothing of the label, and all metrics of the family are undefined.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Int64, Shaped
from numpy.typing import NDArray

from ecgbench.metrics._exchange import label_logits, mean_height_of_share
from ecgbench.metrics._perturb import patches_in_turn
from ecgbench.metrics._registry import PASSES_FS
from ecgbench.metrics._twins import REASONS, patch_samples, reasons
from ecgbench.types import Attributions, Curves, Evaluate, PerWindow, Rows, Steps, Targets

SHARED = "donor_qualification"
"""Name of what `donor_morf` and `donor_lerf` share."""

SAID = {"qualifies": "qualifies", "no_twin": "no_donor", "twin_not_normal": "donor_not_normal", "small_fall": "small_fall"}
"""What `REASONS` are called of donors, which have no sham."""


def qualification(x: Rows, donor: Rows, target: Targets, evaluate: Evaluate, multilabel: bool) -> dict[str, Shaped[np.ndarray, " n"]]:
    """Whether each window qualifies, and how far the label's logit falls from window to donor.

    Parameters
    ----------
    x, donor : (n, leads, time); donors are nan where there is none
    target : (n,) int64
    evaluate : returns the logits of rows
    multilabel : whether a window can have several labels

    Returns
    -------
    reason : (n,) int64, number of `REASONS`
    fall : (n,) nan where a window does not qualify
    """
    reason, logit, donor_logit = reasons(x, donor, np.full_like(x, np.nan), target, evaluate, multilabel)
    return {"reason": reason, "fall": np.where(reason == REASONS.index("qualifies"), logit - donor_logit, np.nan)}


def donor_facts(shared: Mapping[str, NDArray[Any]]) -> dict[str, float]:
    """How many windows qualify, and why the others don't."""
    return {said: float((shared["reason"] == REASONS.index(reason)).sum()) for reason, said in SAID.items()}


def replaced_in_turn(most_relevant_first: bool, attributions: Attributions, x: Rows, donor: Rows, fs: float, seed: int) -> Steps:
    """Patches of all leads, one after another, to the first that reaches half of the window. Windows without a donor take no step.

    Parameters
    ----------
    most_relevant_first : True for MoRF, False for LeRF
    attributions, x, donor : (n, leads, time)
    fs : Hz; a patch is 0.1 s
    seed : seeds the order of tied patches, together with the window
    """
    steps = patches_in_turn(most_relevant_first, attributions, x, seed, patch=patch_samples(fs))
    has = np.isfinite(donor).all(axis=(1, 2))[:, None]
    return Steps(steps.window, steps.onset, np.where(has, steps.offset, steps.onset))


def passes(samples: int) -> float:
    """Forward passes of a window: itself, a step for each patch of its half, and two for its qualification."""
    patch = patch_samples(PASSES_FS)
    return 3 + -(-samples // (2 * patch))


def mean_share(curves: Curves, steps: Int64[np.ndarray, " n"], target: Targets, shared: Mapping[str, NDArray[Any]]) -> PerWindow:
    """Mean height, by the trapezoid rule, of (f(x) - f(x_k)) / (f(x) - f(d)) over the steps k to half of the window; f is a logit.

    Parameters
    ----------
    curves : (n, points, outputs), logits of the windows and after each step
    steps : (n,) number of steps
    target : (n,) int64
    shared : what `qualification` returned for these windows
    """
    counts = np.arange(curves.shape[1] - 1) < steps[:, None]
    return mean_height_of_share(label_logits(curves, target), shared["fall"], counts)
