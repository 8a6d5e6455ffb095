"""Infidelity: how badly a map's sums over random patches predict the fall of the logit when they become the donor's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Shaped
from numpy.typing import NDArray

from ecgbench.metrics._checks import flat_maps, require_shape
from ecgbench.metrics._masks import ratio
from ecgbench.metrics._outputs import target_logit
from ecgbench.metrics._perturb import patch_sums
from ecgbench.metrics._registry import METRICS
from ecgbench.metrics._twins import REASONS, patch_samples, reasons
from ecgbench.randomness import window_generator
from ecgbench.types import Attributions, Evaluate, PerWindow, Rows, Targets

DRAWS = 100
"""Random sets of patches a window."""

LARGEST = 0.5
"""Largest share of the patches that a set has."""

Draws = Float64[np.ndarray, "n draws"]


def falls_of_patches(
    x: Rows, donor: Rows, target: Targets, evaluate: Evaluate, seed: int, multilabel: bool, fs: float
) -> dict[str, Shaped[np.ndarray, "n ..."]]:
    """How far the label's logit falls when random patches of each window become its donor's.

    A set has one patch to half of them, each number as probable as any other. `evaluate` is called per window, so that no batch mixes rows
    of different windows.

    Parameters
    ----------
    x, donor : (n, leads, time); donors are nan where there is none
    target : (n,) int64
    evaluate : returns the logits of rows
    seed : seeds the sets, together with the window
    multilabel : whether a window can have several labels
    fs : Hz; a patch is 0.1 s of all leads

    Returns
    -------
    replaced : (n, draws, patches) bool, the sets
    falls : (n, draws) nan for windows that don't qualify (see `donor_morf`)
    """
    patch_of = np.arange(x.shape[2]) // patch_samples(fs)
    reason, logit, _ = reasons(x, donor, np.full_like(x, np.nan), target, evaluate, multilabel)
    falls = np.full((len(x), DRAWS), np.nan)
    patches = int(patch_of[-1]) + 1
    replaced = np.zeros((len(x), DRAWS, patches), dtype=bool)
    for i, window in enumerate(x):
        replaced[i] = _drawn_sets(window_generator(seed, window, "infidelity"), patches)
        if reason[i] == REASONS.index("qualifies"):
            rows = np.where(replaced[i][:, None, patch_of], donor[i], window)
            falls[i] = logit[i] - target_logit(evaluate(rows), np.repeat(target[i : i + 1], DRAWS))
    return {"replaced": replaced, "falls": falls}


def _drawn_sets(generator: np.random.Generator, patches: int) -> Bool[np.ndarray, "draws patches"]:
    most = max(1, int(LARGEST * patches))
    sizes = generator.integers(1, most + 1, size=DRAWS)
    places = generator.permuted(np.tile(np.arange(patches), (DRAWS, 1)), axis=1)
    sets: Bool[np.ndarray, "draws patches"] = places < sizes[:, None]
    return sets


@METRICS.register(
    family="donor",
    higher_is_better=False,
    bounds=(0.0, 1.0),
    needs=("x", "fs", "shared"),
    atol=1e-5,
    version=1,
    by_default=False,
    reference="arXiv:1901.09392",
    shared=falls_of_patches,
    signed_only=True,
    ranked=False,
    aside="falls and sums of any map without negative values grow with the set, so that an even map explains most of them",
    passes=lambda samples: 2 + DRAWS,
)
def infidelity(attributions: Attributions, x: Rows, fs: float, shared: Mapping[str, NDArray[Any]]) -> PerWindow:
    """Share of the logit's falls that a map's sums, optimally scaled, leave unexplained (Yeh et al. 2019): lower is better.

    Over random sets of patches that become the donor's, the mean square of b u - d over that of d, where d is the fall, u the sum of the
    attributions that are replaced, and b the best factor for the window. 0 for maps that are complete for every set, such as w (x - donor)
    of a linear model; 1 for sums that have nothing to do with the falls. Undefined for windows that don't qualify (see `donor_morf`) and
    for maps whose patches all sum to 0. It is Yeh's definition with I = x - donor on the set and attributions that already hold the factor
    I, divided by the mean square of the falls so that windows of large logits weigh no more.

    Parameters
    ----------
    attributions, x : (n, leads, time)
    fs : Hz; a patch is 0.1 s of all leads
    shared : what `falls_of_patches` returned for these windows
    """
    flat_maps(attributions)
    require_shape("x", x, attributions.shape)
    patches = patch_sums(attributions, np.arange(x.shape[2]) // patch_samples(fs))
    require_shape("shared replaced", shared["replaced"], (len(x), DRAWS, patches.shape[1]))
    # Scaled to a largest value of 1, since squares of huge values overflow.
    largest = np.abs(patches).max(axis=1, initial=0)[:, None]
    sums = np.where(shared["replaced"], (patches / np.where(largest > 0, largest, 1))[:, None], 0.0).sum(axis=2)
    return unexplained(sums, shared["falls"])


def unexplained(sums: Draws, falls: Draws) -> PerWindow:
    """Mean square of b u - d over that of d, with the factor b for which it is least; nan where all u or all d are 0.

    Parameters
    ----------
    sums : u
    falls : d
    """
    explained = ratio((sums * falls).sum(axis=1) ** 2, (sums**2).sum(axis=1) * (falls**2).sum(axis=1))
    left: PerWindow = np.clip(1 - explained, 0.0, 1.0)
    return left
