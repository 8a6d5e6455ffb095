"""Layer-wise relevance propagation with the gamma rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgbench.methods._registry import METHODS, Explanation

if TYPE_CHECKING:
    import torch


@METHODS.register(version=1, reference="doi:10.1007/978-3-030-28954-6_10", passes=2.5, sum_within=1e-2)
def lrp_gamma(model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor) -> Explanation:
    """Relevance of each sample for the logit (Montavon et al. 2019): gamma on convolutions, box on the first, epsilon on linear layers.

    The gamma of 0.25 is for contributions of the output's sign, whichever it is; the box is from the window's lowest to its highest value.

    Raises
    ------
    InputError
        If relevance is not conserved, because the model computes something that has no rule.
    """
    from ecgbench.methods.rules.relevance.gamma import GammaRelevance
    from ecgbench.methods.rules.relevance.maps import relevance

    return relevance(model, x, target, GammaRelevance)
