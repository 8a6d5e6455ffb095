"""Region perturbation, least relevant patches first."""

from __future__ import annotations

from functools import partial

import numpy as np
from jaxtyping import Int64

from ecgbench.metrics._perturb import DIFFERS, default_passes, mean_height, patches_in_turn
from ecgbench.metrics._quantus import regions_oracle
from ecgbench.metrics._registry import METRICS
from ecgbench.types import Curves, PerWindow, Targets


@METRICS.register(
    family="faithfulness",
    ranked=False,
    higher_is_better=False,
    bounds=(-1.0, 1.0),
    needs=("curves", "steps", "target", "multilabel"),
    atol=1e-5,
    version=1,
    reference="doi:10.1109/TNNLS.2016.2599820",
    study={"patches": 100, "ties": "first", "grid": "centred"},
    perturb=partial(patches_in_turn, False),
    passes=default_passes,
    oracle=regions_oracle("lerf"),
    differs=DIFFERS,
)
def region_perturbation_lerf(curves: Curves, steps: Int64[np.ndarray, " n"], target: Targets, multilabel: bool) -> PerWindow:
    """Mean fall of the target's probability while the least relevant patches are zeroed one after another (LeRF): lower is better.

    The option `baseline` puts another signal in the place of zeros.

    Parameters
    ----------
    curves : (n, points, outputs), logits of the intact windows and after each step
    steps : (n,) number of steps of each window
    target : (n,) int64
    multilabel : whether the probability is the sigmoid instead of the softmax
    """
    return mean_height(curves, steps, target, multilabel)
