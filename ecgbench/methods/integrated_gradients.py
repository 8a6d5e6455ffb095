"""Integrated gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ecgbench.methods._registry import METHODS, Explanation

if TYPE_CHECKING:
    import torch


@METHODS.register(
    version=1,
    reference="arXiv:1703.01365",
    passes=1,
    per="steps",
    needs=("batch_size",),
    sum_within=0.1,
    advice={"sum": 'give more `steps`, or where the network standardises its input itself choose baseline="noise" or another method'},
)
def integrated_gradients(
    model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, batch_size: int, steps: int = 50, baseline: Any = "zero"
) -> Explanation:
    """Mean gradient on the way from a baseline, times the way (Sundararajan et al. 2017), by Gauss-Legendre quadrature.

    Parameters
    ----------
    batch_size : rows (windows times steps) per forward pass
    steps : number of the quadrature's nodes
    baseline : "zero", "mean", "noise", or given (leads, time) or (n, leads, time): what the way begins at
    """
    from ecgbench.methods._background import baseline_of
    from ecgbench.methods._gradient import change_of_logit
    from ecgbench.methods._path import mean_gradient

    begin = baseline_of(baseline, x)
    start, way = begin.expand_as(x), x - begin
    mean = mean_gradient(model, x, target, lambda share, window: start[window] + share * way[window], batch_size, steps)
    return Explanation(mean * way, change_of_logit(model, x, target, begin))
