"""Expected gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ecgbench.inputs import at_least
from ecgbench.methods._registry import METHODS, Explanation

if TYPE_CHECKING:
    import torch


@METHODS.register(
    version=1,
    reference="doi:10.1038/s42256-021-00343-w",
    passes=5,
    per="baselines",
    needs=("normal_windows", "generator", "batch_size"),
    sum_within=0.1,
)
def expected_gradients(
    model: torch.nn.Module,
    x: torch.Tensor,
    target: torch.Tensor,
    normal_windows: Any,
    generator: np.random.Generator,
    batch_size: int,
    baselines: int = 10,
    steps: int = 5,
) -> Explanation:
    """Integrated gradients from windows of the normal class instead of a flat line, averaged (Erion et al. 2021).

    Known as GradientSHAP too. Where both draw a point on a random way for every gradient, and GradientSHAP adds noise to it, every way has
    the same points here, those of Gauss-Legendre quadrature.

    Parameters
    ----------
    normal_windows : (m, leads, time), standardised
    generator : depends on the seed alone, so that all windows have the same baselines
    batch_size : rows (windows times baselines times steps) per forward pass
    baselines : how many of the normal windows are drawn; all of them if there are fewer
    steps : number of the quadrature's nodes on the way from each baseline
    """
    from ecgbench.methods._background import as_background
    from ecgbench.methods._path import mean_over_baselines

    given = as_background("normal_windows", normal_windows, x)
    drawn = generator.permutation(len(given))[: at_least("baselines", baselines)].tolist()
    return mean_over_baselines(model, x, target, given[drawn], at_least("steps", steps), batch_size)
