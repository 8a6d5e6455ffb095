"""Layer-wise relevance propagation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgbench.methods._registry import METHODS, Explanation

if TYPE_CHECKING:
    import torch

    from ecgbench.methods._implementation import Implementation


@METHODS.register(version=1, reference="doi:10.1371/journal.pone.0130140", passes=2, sum_within=1e-2, study={"implementation": "captum"})
def lrp(
    model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, implementation: Implementation = "ecgbench"
) -> Explanation | torch.Tensor:
    """Relevance of each sample for the logit (Bach et al. 2015; Montavon et al. 2019): z+ on convolutions, epsilon on linear layers.

    Parameters
    ----------
    implementation : "ecgbench", or "captum" for Captum's, which the study calls; it copies relevance at residual sums

    Raises
    ------
    InputError
        If relevance is not conserved, because the model computes something that has no rule.
    """
    from ecgbench.methods._implementation import by_captum
    from ecgbench.methods.rules.relevance.context import PositiveRelevance
    from ecgbench.methods.rules.relevance.maps import relevance

    if by_captum(implementation):
        from ecgbench.methods._captum import captum_lrp

        return captum_lrp(model, x, target)
    return relevance(model, x, target, PositiveRelevance)
