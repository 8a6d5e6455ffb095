"""Region perturbation towards the twin, most relevant patches first."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Int64
from numpy.typing import NDArray

from ecgbench.metrics._exchange import SHARED, Changed, exchanged_in_turn, mean_share, passes, qualification
from ecgbench.metrics._registry import METRICS
from ecgbench.types import Curves, PerWindow, Targets


@METRICS.register(
    family="causal",
    higher_is_better=True,
    bounds=(-np.inf, np.inf),
    needs=("curves", "steps", "changed", "target", "shared"),
    atol=1e-5,
    version=1,
    reference="doi:10.1109/TNNLS.2016.2599820",
    shared=qualification,
    shared_as=SHARED,
    perturb=partial(exchanged_in_turn, True),
    replacement="twin",
    passes=passes,
)
def twin_morf(
    curves: Curves, steps: Int64[np.ndarray, " n"], changed: Changed, target: Targets, shared: Mapping[str, NDArray[Any]]
) -> PerWindow:
    """Mean share of the whole fall of the label's logit while the most relevant patches become the twin's (MoRF): higher is better.

    Region perturbation (Samek et al. 2017) with the counterfactual twin's samples in the place of zeros. Undefined for windows that don't
    qualify (see `twin_agreement`). A share is 1 where the logit is the twin's, and may go beyond 0 and 1 on the way.

    Parameters
    ----------
    curves : (n, points, outputs), logits of the windows and after each step
    steps : (n,) number of steps, after which a window is its twin
    changed : (n, points) samples of a lead that were exchanged before each point
    target : (n,) int64
    shared : what `qualification` returned for these windows
    """
    return mean_share(curves, steps, changed, target, shared)
