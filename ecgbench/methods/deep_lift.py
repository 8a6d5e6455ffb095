"""DeepLIFT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ecgbench.methods._registry import METHODS, Explanation

if TYPE_CHECKING:
    import torch

    from ecgbench.methods._implementation import Implementation


@METHODS.register(version=1, reference="arXiv:1704.02685", passes=1, sum_within=1e-3, study={"implementation": "captum"})
def deep_lift(
    model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, baseline: Any = "zero", implementation: Implementation = "ecgbench"
) -> Explanation | torch.Tensor:
    """What each sample contributes to the logit's change from a baseline, by the Rescale rule (Shrikumar et al. 2017).

    Parameters
    ----------
    baseline : "zero", "mean", "noise", or given (leads, time) or (n, leads, time): what the window is compared with
    implementation : "ecgbench", or "captum" for Captum's, which the study calls; its maps need not be complete

    Raises
    ------
    InputError
        If the model calls a function that is neither linear nor has a rule (docs/rules.md lists them), or has no logits of a flat line.
    """
    from ecgbench.methods._background import baseline_of, only_zero
    from ecgbench.methods._implementation import by_captum
    from ecgbench.methods.rules.rescale.contributions import contributions

    if by_captum(implementation):
        from ecgbench.methods._captum import captum_deep_lift

        only_zero(baseline)
        return captum_deep_lift(model, x, target)
    return contributions(model, x, target, baseline_of(baseline, x))
