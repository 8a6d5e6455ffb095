"""Logit and probability of the explained class, in float64."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from ecgbench.errors import InputError
from ecgbench.types import Logits, PerWindow, Targets


def target_logit(logits: Logits, target: Targets) -> PerWindow:
    """Logit of each row's target.

    Parameters
    ----------
    logits : (n, outputs)
    target : (n,) int64

    Raises
    ------
    InputError
        If a target is not the index of an output, or a logit is not finite.
    """
    return _of_target(_checked(logits, target), target)


def target_probability(logits: Logits, target: Targets, multilabel: bool) -> PerWindow:
    """Probability of each row's target: its share of the softmax, or its sigmoid if `multilabel` or if there is one output.

    The softmax of one output is 1 whatever the window.

    Raises
    ------
    InputError
        If a target is not the index of an output, or a logit is not finite.
    """
    exact = _checked(logits, target)
    if multilabel or logits.shape[1] == 1:
        chosen = _of_target(exact, target)
        # exp(-log(1 + exp(-z))) doesn't overflow where exp(-z) does.
        probability: PerWindow = np.exp(-np.logaddexp(0.0, -chosen))
        return probability
    weights = np.exp(exact - exact.max(axis=1, keepdims=True))
    share: PerWindow = _of_target(weights, target) / weights.sum(axis=1)
    return share


def _checked(logits: Logits, target: Targets) -> Float64[np.ndarray, "n outputs"]:
    outputs = logits.shape[1]
    if not ((target >= 0) & (target < outputs)).all():
        raise InputError(f"expected targets from 0 to {outputs - 1}, got {target.min()} to {target.max()}; name outputs of the model.")
    if not np.isfinite(logits).all():
        raise InputError("expected finite logits, got nan or infinity; look at the model's weights and inputs.")
    return np.ascontiguousarray(logits, dtype=np.float64)


def _of_target(outputs: Float64[np.ndarray, "n outputs"], target: Targets) -> PerWindow:
    chosen: PerWindow = np.take_along_axis(outputs, target[:, None], axis=1)[:, 0]
    return chosen
