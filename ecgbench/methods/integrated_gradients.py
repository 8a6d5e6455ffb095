"""Integrated gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    advice={"sum": "give more `steps`, or where the network standardises its input itself choose lrp, deep_lift or expected_gradients"},
)
def integrated_gradients(model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, batch_size: int, steps: int = 50) -> Explanation:
    """Mean gradient on the way from a flat line, times the window (Sundararajan et al. 2017), by Gauss-Legendre quadrature.

    Parameters
    ----------
    batch_size : rows (windows times steps) per forward pass
    steps : number of the quadrature's nodes
    """
    from ecgbench.methods._gradient import change_of_logit
    from ecgbench.methods._path import mean_gradient

    mean = mean_gradient(model, x, target, lambda share, window: share * x[window], batch_size, steps)
    return Explanation(mean * x, change_of_logit(model, x, target))
