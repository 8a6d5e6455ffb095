"""Oracles by Quantus 0.6.0, called with maps (n, 1, leads, time), without normalisation, and with a perturbation function of our own.

Quantus is needed for these comparisons only (`pip install 'ecgbench-attribution[dev]'`).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from ecgbench.types import Attributions, Masks, OracleCase, PerWindow, Signals, Targets

Oracle = Callable[[OracleCase], PerWindow]

REGIONS = 100
"""Number of patches that the study zeroes, whatever the window's length."""

SUBSETS = 100
"""Number of random subsets per window in faithfulness correlation."""


def _library() -> Any:
    """The library, imported by name since type checkers cannot follow its star imports."""
    return importlib.import_module("quantus")


def localisation(name: str, attributions: Attributions, mask: Masks, **options: Any) -> PerWindow:
    """Scores by one of Quantus's localisation metrics.

    Parameters
    ----------
    name : name of the Quantus class
    options : arguments of that class
    """
    metric = getattr(_library(), name)(**{"normalise": False, "disable_warnings": True} | options)
    maps, inside = attributions[:, None], mask[:, None]
    return np.asarray(metric(model=None, x_batch=maps, y_batch=None, a_batch=maps, s_batch=inside, channel_first=True), dtype=float)


def localisation_oracle(name: str, positive_part: bool = False, **options: Any) -> Oracle:
    """Oracle by the Quantus class of that name, called per window; `positive_part` clips maps at 0, as the study does."""

    def scores(case: OracleCase) -> PerWindow:
        maps = np.maximum(case.attributions, 0) if positive_part else case.attributions
        each = [localisation(name, maps[i : i + 1], case.mask[i : i + 1], **options)[0] for i in range(len(maps))]
        return np.array(each)

    return scores


def sparseness(case: OracleCase) -> PerWindow:
    """Quantus's sparseness, which is the Gini index, called per window; to each value it adds 1e-7, so maps are scaled to a mean of 1."""
    metric = _library().Sparseness(normalise=False, disable_warnings=True)
    means = np.abs(case.attributions).mean(axis=(1, 2), keepdims=True)
    maps = (case.attributions / means)[:, None]
    calls = [{"x_batch": case.x[i : i + 1, None], "a_batch": maps[i : i + 1], "y_batch": case.target[i : i + 1]} for i in range(len(maps))]
    return np.array([metric(model=None, channel_first=True, **call)[0] for call in calls])


class Zeroing:
    """The study's `replace_by_zero` with the signature that Quantus 0.6.0 calls; records the zeroed indices and the perturbed rows."""

    def __init__(self) -> None:
        self.indices: list[NDArray[Any]] = []
        self.rows: list[NDArray[Any]] = []

    def __call__(self, arr: NDArray[Any], indices: NDArray[Any], **_: Any) -> NDArray[Any]:
        changed = arr.copy()
        changed[np.arange(len(arr))[:, None], indices] = 0
        self.indices.append(indices)
        self.rows.append(changed)
        return changed


def falls(
    order: str,
    images: Any,
    x: Signals,
    target: Targets,
    attributions: Attributions,
    perturb: Callable[..., NDArray[Any]],
    count: int = REGIONS,
    **options: Any,
) -> Any:
    """Quantus's curves: how far the probability has fallen after each patch.

    Parameters
    ----------
    order : "morf" or "lerf"
    images : model on (n, 1, leads, time)
    perturb : perturbation function, as Quantus calls it
    count : number of patches to zero
    options : further arguments of Quantus's class
    """
    options = {"perturb_func": perturb, "normalise": False, "disable_warnings": True} | options
    metric = _library().RegionPerturbation(patch_size=16, order=order, regions_evaluation=count, **options)
    return metric(model=images, x_batch=x[:, None], y_batch=target, a_batch=attributions[:, None], channel_first=True, softmax=True)


def mean_height(curve: Float[np.ndarray, " steps"]) -> float:
    """Area under the curve [0, falls] divided by the number of falls, the study's score of a curve."""
    return float(np.trapezoid([0, *curve]) / len(curve))


def regions_oracle(order: str) -> Oracle:
    """Oracle by Quantus's region perturbation, "morf" or "lerf", called per window."""

    def scores(case: OracleCase) -> PerWindow:
        windows = [slice(i, i + 1) for i in range(len(case.x))]
        return np.array(
            [mean_height(falls(order, case.images, case.x[i], case.target[i], case.attributions[i], Zeroing())[0]) for i in windows]
        )

    return scores


def correlation(images: Any, x: Signals, target: Targets, attributions: Attributions, perturb: Callable[..., NDArray[Any]]) -> Any:
    """Quantus's faithfulness correlation, its subsets drawn from the global generator."""
    metric = _library().FaithfulnessCorrelation(
        nr_runs=SUBSETS,
        subset_size=x[0].size // 10,
        perturb_func=perturb,
        normalise=False,
        disable_warnings=True,
        return_aggregate=False,
    )
    return metric(model=images, x_batch=x[:, None], y_batch=target, a_batch=attributions[:, None], channel_first=True)


def correlation_of_subsets(case: OracleCase, subsets: Int[np.ndarray, "n runs k"]) -> PerWindow:
    """Quantus's faithfulness correlation with given subsets, called per window."""
    scores = []
    for i, drawn in enumerate(subsets):
        window = slice(i, i + 1)
        with mock.patch.object(np.random, "choice", side_effect=list(drawn)):
            scores.append(correlation(case.images, case.x[window], case.target[window], case.attributions[window], Zeroing())[0])
    return np.array(scores)
