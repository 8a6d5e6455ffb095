"""Consistency: do the maps of two trainings of one recipe agree."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from ecgbench.metrics._checks import flat_maps, require_shape
from ecgbench.metrics._correlation import mean_correlation
from ecgbench.metrics._registry import METRICS
from ecgbench.types import Attributions, PerWindow


@METRICS.register(
    family="consistency",
    higher_is_better=True,
    bounds=(-1.0, 1.0),
    needs=("other_maps",),
    atol=1e-4,
    version=1,
    by_default=False,
    reference="doi:10.1093/ehjdh/ztag038",
)
def consistency(attributions: Attributions, other_maps: Float[np.ndarray, "n models leads time"]) -> PerWindow:
    """Mean Pearson correlation of a window's map with those by the models of the dataset's other seeds: higher is better.

    After Arends et al. (2026). Undefined where one of the maps is constant. Maps that know little of the model agree most, and models may
    differ themselves: see `consistency_excess`.

    Parameters
    ----------
    attributions : (n, leads, time)
    other_maps : (n, models, leads, time), the same source's maps of the same windows and classes
    """
    require_shape("other maps", other_maps, (len(other_maps), other_maps.shape[1], *attributions.shape[1:]))
    own = flat_maps(attributions)
    return mean_correlation(own, [flat_maps(maps) for maps in np.moveaxis(other_maps, 1, 0)])
