"""Layer-wise relevance propagation with the epsilon rule alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgbench.methods._registry import METHODS, Explanation

if TYPE_CHECKING:
    import torch


@METHODS.register(version=1, reference="doi:10.1371/journal.pone.0130140", passes=1, sum_within=1e-2, ranked=False)
def lrp_epsilon(model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor) -> Explanation:
    """Relevance by the epsilon rule everywhere (Bach et al. 2015); on networks of ReLUs it is the window times the gradient.

    Raises
    ------
    InputError
        If relevance is not conserved, because the model computes something that has no rule.
    """
    from ecgbench.methods.rules.relevance.context import Relevance
    from ecgbench.methods.rules.relevance.maps import relevance

    return relevance(model, x, target, Relevance)
