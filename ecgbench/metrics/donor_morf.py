"""Region perturbation towards the donor, most relevant patches first."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Int64
from numpy.typing import NDArray

from ecgbench.metrics._donors import SHARED, donor_facts, mean_share, passes, qualification, replaced_in_turn
from ecgbench.metrics._registry import METRICS
from ecgbench.types import Curves, PerWindow, Targets


@METRICS.register(
    family="donor",
    higher_is_better=True,
    bounds=(-np.inf, np.inf),
    needs=("curves", "steps", "target", "shared"),
    atol=1e-5,
    version=1,
    by_default=False,
    reference="arXiv:2001.00396",
    shared=qualification,
    shared_as=SHARED,
    facts=donor_facts,
    perturb=partial(replaced_in_turn, True),
    replacement="donor",
    passes=passes,
)
def donor_morf(curves: Curves, steps: Int64[np.ndarray, " n"], target: Targets, shared: Mapping[str, NDArray[Any]]) -> PerWindow:
    """Mean share of the label's logit that falls while the most relevant patches become the donor's (MoRF): higher is better.

    A degradation curve (Schulz et al. 2020) by region perturbation (Samek et al. 2017, doi:10.1109/TNNLS.2016.2599820) to half of the
    window, with the samples that a normal ECG of the same patient has at the same cardiac phase in the place of zeros. The share is of the
    fall from window to donor; degradation as such is `donor_morf` less `donor_lerf`. Undefined for windows without a donor, whose donor is
    not predicted normal, or whose logit falls by less than 1.

    Parameters
    ----------
    curves : (n, points, outputs), logits of the windows and after each step
    steps : (n,) number of steps
    target : (n,) int64
    shared : what `qualification` returned for these windows
    """
    return mean_share(curves, steps, target, shared)
