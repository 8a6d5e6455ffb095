"""Faithfulness correlation: do the attributions of random subsets correlate with the fall of the logit when the subsets are zeroed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from jaxtyping import Float, Int32, Shaped
from numpy.typing import NDArray

from ecgbench.errors import InputError
from ecgbench.metrics._checks import flat_maps, require_shape, require_within
from ecgbench.metrics._correlation import constant_rows, row_correlations
from ecgbench.metrics._outputs import target_logit
from ecgbench.metrics._quantus import correlation_of_subsets
from ecgbench.metrics._registry import METRICS
from ecgbench.randomness import window_generator
from ecgbench.types import Attributions, Evaluate, OracleCase, PerWindow, Rows, Targets

RUNS = 100
"""Random subsets per window."""

Subsets = Int32[np.ndarray, "n runs k"]


def falls_of_subsets(
    x: Rows, target: Targets, evaluate: Evaluate, seed: int, runs: int = RUNS, share: float = 0.1
) -> dict[str, Shaped[np.ndarray, "n ..."]]:
    """How far the target's logit falls when random subsets of each window's values are zeroed.

    `evaluate` is called once per window, so that no batch mixes rows of different windows.

    Parameters
    ----------
    x : (n, leads, time)
    target : (n,) int64
    evaluate : returns the logits of rows
    seed : seeds the subsets, together with the window
    runs : subsets per window
    share : share of the window's values (leads x time) in a subset, rounded down

    Returns
    -------
    drops : (n, runs) float64
    size : (n,) int64, values in a subset; the subsets are not stored, `random_subsets` draws the same ones again

    Raises
    ------
    InputError
        If there are fewer than two runs, or a subset would be empty or larger than the window.
    """
    values = math.prod(x.shape[1:])
    # 0.29 * 100 is a little below 29, which must not become 28.
    size = math.floor(share * values + 1e-9)
    require_within("runs", runs, 2)
    if not 1 <= size <= values:
        raise InputError(f"expected a share that gives subsets of 1 to {values} values, got {share}; choose one between 0 and 1.")
    drops = np.empty((len(x), runs))
    for i, (window, subsets) in enumerate(zip(x, random_subsets(x, seed, runs, size), strict=True)):
        logits = target_logit(evaluate(_without(window, subsets)), np.repeat(target[i : i + 1], runs + 1))
        drops[i] = logits[0] - logits[1:]
    return {"drops": drops, "size": np.full(len(x), size, dtype=np.int64)}


def random_subsets(x: Rows, seed: int, runs: int, size: int) -> Subsets:
    """Indices (n, runs, size) int32 into each window's values, lead by lead: the same for the same seed and window."""
    drawn = [_subsets_of(np.ascontiguousarray(window, dtype="<f4").tobytes(), window.shape, seed, runs, size) for window in x]
    return np.array(drawn, dtype=np.int32).reshape(len(x), runs, size)


@lru_cache(maxsize=128)
def _subsets_of(window: bytes, shape: tuple[int, int], seed: int, runs: int, size: int) -> Int32[np.ndarray, "runs k"]:
    """A window's subsets; cached, since the maps of all methods are scored with the same ones."""
    generator = window_generator(seed, np.frombuffer(window, dtype="<f4").reshape(shape), "faithfulness_correlation")
    values = math.prod(shape)
    subsets = [generator.choice(values, size, replace=False, shuffle=False) for _ in range(runs)]
    return np.array(subsets, dtype=np.int32).reshape(runs, size)


def _oracle(case: OracleCase) -> PerWindow:
    """Quantus's correlation with our subsets; the study draws new ones for every method from the global generator."""
    size = math.floor(0.1 * math.prod(case.x.shape[1:]) + 1e-9)
    return correlation_of_subsets(case, random_subsets(case.x, 0, RUNS, size))


@METRICS.register(
    family="faithfulness",
    higher_is_better=True,
    bounds=(-1.0, 1.0),
    needs=("x", "seed", "shared"),
    atol=1e-5,
    version=1,
    reference="doi:10.24963/ijcai.2020/417",
    shared=falls_of_subsets,
    signed_only=True,
    passes=lambda samples: 1 + RUNS,
    oracle=_oracle,
)
def faithfulness_correlation(attributions: Attributions, x: Rows, seed: int, shared: Mapping[str, NDArray[Any]]) -> PerWindow:
    """Pearson correlation of a subset's attributions with the fall of the logit; undefined for constant maps and constant falls.

    The study draws new subsets for every method from a global generator; there is no option for that.

    Parameters
    ----------
    attributions, x : (n, leads, time)
    seed : of the subsets
    shared : what `falls_of_subsets` returned for these windows
    """
    values = flat_maps(attributions)
    drops, size = shared["drops"], shared["size"]
    require_shape("x", x, attributions.shape)
    require_shape("shared drops", drops, (len(values), *drops.shape[1:]))
    sums = np.empty(drops.shape)
    for i, subset in enumerate(random_subsets(x, seed, drops.shape[1], int(size.max(initial=1)))):
        sums[i] = values[i][subset].sum(axis=1)
    # A constant map has exactly equal sums: each adds as many equal values.
    return np.where(constant_rows(sums) | constant_rows(drops), np.nan, row_correlations(sums, drops))


def _without(window: Float[np.ndarray, "leads time"], subsets: Int32[np.ndarray, "runs k"]) -> Rows:
    """The intact window, followed by one copy per subset with that subset zeroed."""
    rows = np.repeat(window.reshape(1, -1), len(subsets) + 1, axis=0)
    np.put_along_axis(rows[1:], subsets, 0, axis=1)
    return rows.reshape(-1, *window.shape)
