"""DeepSHAP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ecgbench.inputs import at_least
from ecgbench.methods._registry import METHODS, Explanation

if TYPE_CHECKING:
    import torch

    from ecgbench.methods._implementation import Implementation


@METHODS.register(
    version=1,
    reference="arXiv:1705.07874",
    passes=0.6,
    per="baselines",
    needs=("generator", "batch_size"),
    of_dataset={"baselines": "baselines"},
    sum_within=1e-3,
    study={"implementation": "captum"},
)
def deep_shap(
    model: torch.nn.Module,
    x: torch.Tensor,
    target: torch.Tensor,
    generator: np.random.Generator,
    batch_size: int,
    baselines: int = 250,
    background: Any = None,
    implementation: Implementation = "ecgbench",
) -> Explanation | torch.Tensor:
    """Mean of DeepLIFT's contributions over baselines of standard normal noise (Lundberg & Lee 2017), the same for every window.

    Parameters
    ----------
    generator : depends on the seed alone
    batch_size : baselines per forward pass
    baselines : number of baselines to draw
    background : (m, leads, time) windows to use as baselines instead
    implementation : "ecgbench", or "captum" for Captum's, which the study calls; its maps need not be complete

    Raises
    ------
    InputError
        If the background is not (m, leads, time), or the model calls a function that is neither linear nor has a rule (docs/rules.md).
    """
    from ecgbench.methods._background import as_background
    from ecgbench.methods._implementation import by_captum
    from ecgbench.methods.rules.rescale.contributions import mean_contributions

    shape = (at_least("baselines", baselines), *x.shape[1:])
    references = as_background("a background", generator.standard_normal(shape) if background is None else background, x)
    if by_captum(implementation):
        from ecgbench.methods._captum import captum_deep_shap

        return captum_deep_shap(model, x, target, references)
    return mean_contributions(model, x, target, references, batch_size)
