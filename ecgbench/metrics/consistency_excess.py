"""Consistency excess: do maps of two trainings differ more than what the models rest on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ecgbench.metrics._checks import flat_maps, require_shape
from ecgbench.metrics._correlation import mean_correlation
from ecgbench.metrics._registry import METRICS, PASSES_FS
from ecgbench.metrics._twins import REASONS, grid_of, patch_samples
from ecgbench.metrics.twin_agreement import PERMUTATIONS, twin_shapley
from ecgbench.types import Attributions, PerWindow, Rows


@METRICS.register(
    family="consistency",
    higher_is_better=False,
    bounds=(-2.0, 2.0),
    needs=("other_maps", "x", "fs", "shared", "other_shared"),
    atol=1e-4,
    # That of `twin_agreement`, whose Shapley values it takes.
    version=1,
    by_default=False,
    reference="doi:10.1093/ehjdh/ztag038",
    shared=twin_shapley,
    shared_as="twin_agreement",
    signed_only=True,
    passes=lambda samples: 2 + PERMUTATIONS * (-(-samples // patch_samples(PASSES_FS)) - 2),
)
def consistency_excess(
    attributions: Attributions,
    other_maps: Float[np.ndarray, "n models leads time"],
    x: Rows,
    fs: float,
    shared: Mapping[str, NDArray[Any]],
    other_shared: Mapping[str, NDArray[Any]],
) -> PerWindow:
    """How much less a window's maps agree between models than what these models rest on: mean r(phi, phi') less mean r(a, a').

    phi are the Shapley values of patches against the twin (see `twin_agreement`), a the map's sums over these patches. 0 for phi itself:
    then the maps differ as the models do. Above 0 the method adds differences of its own; below 0 the maps agree more than the models, as
    maps do that know little of the model. Undefined where one of the models' windows does not qualify (see `twin_agreement`), or one of
    the maps is constant.

    Parameters
    ----------
    attributions, x : (n, leads, time)
    other_maps : (n, models, leads, time), the same source's maps of the same windows and classes by models of other seeds
    fs : Hz
    shared : what `twin_shapley` returned for these windows
    other_shared : the same of the other models, (n, models, ...)
    """
    flat_maps(attributions)
    require_shape("x", x, attributions.shape)
    grid = grid_of(x, fs)
    require_shape("shared phi", shared["phi"], (len(x), int(grid.cells.max()) + 1))
    maps = mean_correlation(grid.sums(attributions), [grid.sums(other) for other in np.moveaxis(other_maps, 1, 0)])
    phi = mean_correlation(np.nan_to_num(shared["phi"]), [np.nan_to_num(other) for other in np.moveaxis(other_shared["phi"], 1, 0)])
    number = REASONS.index("qualifies")
    valid = (shared["reason"] == number) & (other_shared["reason"] == number).all(axis=1)
    return np.where(valid, phi - maps, np.nan)
