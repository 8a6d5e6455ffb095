"""Faithfulness correlation: does what a map gives to random subsets go with what the logit loses without them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float64, Int32, Shaped
from numpy.typing import NDArray

from ecgbench.errors import InputError
from ecgbench.metrics._checks import flat_maps, require_shape, require_within
from ecgbench.metrics._outputs import target_logit
from ecgbench.metrics._registry import FAITHFULNESS, METRICS
from ecgbench.randomness import window_generator
from ecgbench.types import Attributions, Evaluate, PerWindow, Rows, Targets

RUNS = 100
"""Subsets a window."""

PerRun = Float64[np.ndarray, "n runs"]


def zeroed_subsets(
    x: Rows, target: Targets, evaluate: Evaluate, seed: int, runs: int = RUNS, share: float = 0.1
) -> dict[str, Shaped[np.ndarray, "n runs ..."]]:
    """Random subsets of each window's values and how far the target's logit falls when they are zeroed.

    `evaluate` is called once a window, so that its rows never stand beside those of another window.

    Parameters
    ----------
    x : (n, leads, time)
    target : (n,) int64
    evaluate : rows to logits
    seed : of the subsets, together with the window's values
    runs : subsets a window
    share : of the window's values (leads x time) in a subset, rounded down

    Returns
    -------
    subsets : (n, runs, k) int32 indices into the window's values, lead by lead
    drops : (n, runs) float64

    Raises
    ------
    InputError
        If there are fewer than two runs or subsets would be empty.
    """
    size = math.prod(x.shape[1:])
    # 0.29 * 100 is a little below 29, which must not become 28.
    k = math.floor(share * size + 1e-9)
    require_within("runs", runs, 2)
    if not 1 <= k <= size:
        raise InputError(f"expected a share that gives subsets of 1 to {size} values, got {share}; choose one between 0 and 1.")
    subsets = np.empty((len(x), runs, k), dtype=np.int32)
    drops = np.empty((len(x), runs))
    for i, window in enumerate(x):
        generator = window_generator(seed, window, "faithfulness_correlation")
        subsets[i] = [generator.choice(size, k, replace=False, shuffle=False) for _ in range(runs)]
        logits = target_logit(evaluate(_without(window, subsets[i])), np.repeat(target[i : i + 1], runs + 1))
        drops[i] = logits[0] - logits[1:]
    return {"subsets": subsets, "drops": drops}


@METRICS.register(
    family=FAITHFULNESS,
    higher_is_better=True,
    bounds=(-1.0, 1.0),
    needs=("shared",),
    atol=1e-5,
    version=1,
    reference="doi:10.24963/ijcai.2020/417",
    shared=zeroed_subsets,
    signed_only=True,
    passes=lambda samples: 1 + RUNS,
)
def faithfulness_correlation(attributions: Attributions, shared: Mapping[str, NDArray[Any]]) -> PerWindow:
    """Pearson correlation of a subset's attributions with the fall of the logit; undefined for constant maps and constant falls.

    The study draws new subsets for every method from a global generator; there is no option for that.

    Parameters
    ----------
    attributions : (n, leads, time)
    shared : what `zeroed_subsets` returned for these windows
    """
    values = flat_maps(attributions)
    subsets, drops = shared["subsets"], shared["drops"]
    require_shape("shared subsets", subsets, (len(values), *subsets.shape[1:]))
    require_shape("shared drops", drops, subsets.shape[:2])
    sums = np.empty(drops.shape)
    for i, subset in enumerate(subsets):
        sums[i] = values[i][subset].sum(axis=1)
    # A constant map has exactly equal sums: each adds as many equal values.
    return np.where(_constant(sums) | _constant(drops), np.nan, _pearson(sums, drops))


def _without(window: Float[np.ndarray, "leads time"], subsets: Int32[np.ndarray, "runs k"]) -> Rows:
    """The window as it is, then once a subset with that subset zeroed."""
    rows = np.repeat(window.reshape(1, -1), len(subsets) + 1, axis=0)
    np.put_along_axis(rows[1:], subsets, 0, axis=1)
    return rows.reshape(-1, *window.shape)


def _constant(values: Float64[np.ndarray, "n values"]) -> Bool[np.ndarray, " n"]:
    constant: Bool[np.ndarray, " n"] = (values == values[:, :1]).all(axis=1)
    return constant


def _pearson(a: PerRun, b: PerRun) -> PerWindow:
    correlation: PerWindow = np.clip((_direction(a) * _direction(b)).sum(axis=1), -1.0, 1.0)
    return correlation


def _direction(values: PerRun) -> PerRun:
    """Rows without their mean, at length 1; the largest value is brought to 1 first, lest the squares of tiny ones underflow."""
    direction: PerRun = values - values.mean(axis=1, keepdims=True)
    for order in (np.inf, 2):
        length = np.linalg.norm(direction, ord=order, axis=1, keepdims=True)
        direction = direction / np.where(length > 0, length, 1.0)
    return direction
