"""Integrated gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ecgbench.methods._registry import METHODS, Explanation

if TYPE_CHECKING:
    import torch


WITHIN = 0.1
"""Largest error of a sum, as a share of the total."""

STEPS = 50
"""Steps by default, and of each piece of the way where they grow."""


@METHODS.register(
    version=1,
    reference="arXiv:1703.01365",
    passes=1,
    per="steps",
    needs=("batch_size",),
    sum_within=WITHIN,
    advice={
        "sum": 'give more `steps`, as steps="auto" does, or where the network standardises its input itself choose '
        'baseline="noise" or another method'
    },
)
def integrated_gradients(
    model: torch.nn.Module,
    x: torch.Tensor,
    target: torch.Tensor,
    batch_size: int,
    steps: int | Literal["auto"] = STEPS,
    baseline: Any = "zero",
) -> Explanation:
    """Mean gradient on the way from a baseline, times the way (Sundararajan et al. 2017), by Gauss-Legendre quadrature.

    Parameters
    ----------
    batch_size : rows (windows times steps) per forward pass
    steps : number of the quadrature's nodes; "auto" takes 50, and twice as many again, up to 3,200, for windows whose maps miss their sum
        by more than a tenth. How many a window took is told by `return_info` under measures["steps"]
    baseline : "zero", "mean", "noise", or given (leads, time) or (n, leads, time): what the way begins at
    """
    from ecgbench.methods._background import baseline_of
    from ecgbench.methods._gradient import change_of_logit
    from ecgbench.methods._path import grown_gradient, mean_gradient

    begin = baseline_of(baseline, x)
    start, way = begin.expand_as(x), x - begin
    total = change_of_logit(model, x, target, begin)
    if steps != "auto":
        mean = mean_gradient(model, x, target, lambda share, window: start[window] + share * way[window], batch_size, steps)
        return Explanation(mean * way, total)

    def mean_of(chosen: torch.Tensor, pieces: int) -> torch.Tensor:
        begins, ways = start[chosen], way[chosen]

        def point(share: torch.Tensor, window: torch.Tensor) -> torch.Tensor:
            return begins[window] + share * ways[window]

        return mean_gradient(model, x[chosen], target[chosen], point, batch_size, STEPS, pieces)

    mean, pieces = grown_gradient(mean_of, way, total, WITHIN)
    return Explanation(mean * way, total, {"steps": STEPS * pieces})
