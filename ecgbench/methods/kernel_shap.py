"""KernelSHAP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgbench.errors import InputError
from ecgbench.inputs import at_least
from ecgbench.methods._registry import FORWARD_SHARE, METHODS, Explanation

if TYPE_CHECKING:
    import torch

    from ecgbench.methods._implementation import Implementation


@METHODS.register(
    version=1,
    reference="arXiv:1705.07874",
    passes=FORWARD_SHARE,
    per="samples",
    needs=("generators", "batch_size"),
    of_dataset={"patch": "patch", "samples": "perturbations"},
    study={"implementation": "captum"},
)
def kernel_shap(
    model: torch.nn.Module,
    x: torch.Tensor,
    target: torch.Tensor,
    generators: Sequence[np.random.Generator],
    batch_size: int,
    patch: int = 24,
    samples: int = 500,
    baseline: Any = "zero",
    implementation: Implementation = "ecgbench",
) -> Explanation | torch.Tensor:
    """Shapley values of patches kept or given a baseline's values, by least squares (Lundberg & Lee 2017; pairs as of Covert & Lee 2021).

    Masks are drawn by the Shapley kernel in pairs, each with its complement; the surrogate is exact on the intact window and on the
    baseline. If the masks do not determine all values (`undetermined`, the share of directions), those of smallest norm are taken.

    Parameters
    ----------
    generators : one per window
    batch_size : perturbed windows per forward pass
    patch : width of a patch, in samples of the signal
    samples : number of perturbed windows, even
    baseline : "zero", "mean", "noise", or given (leads, time) or (n, leads, time): what patches that are not kept become
    implementation : "ecgbench", or "captum" for Captum's, which the study calls; its masks are not paired
    """
    import torch

    from ecgbench.methods._background import baseline_of, only_zero
    from ecgbench.methods._implementation import by_captum
    from ecgbench.methods._patches import Patches, fitted
    from ecgbench.methods._surrogate import paired_masks, shapley_values

    at_least("samples", samples, 2)
    patches = Patches(x.shape[1], x.shape[2], patch)
    if by_captum(implementation):
        from ecgbench.methods._captum import captum_kernel_shap

        only_zero(baseline)
        return captum_kernel_shap(model, x, target, patches.index(), samples, generators)
    if samples % 2:
        raise InputError(f"expected an even number of samples, since masks are drawn in pairs, got {samples}; name {samples + 1}.")
    kept = [paired_masks(generator, samples // 2, patches.count) for generator in generators]

    def fit(window: int, logits: np.ndarray) -> tuple[np.ndarray, float]:
        return shapley_values(kept[window], logits)

    surrogates = fitted(fit, model, x, target, patches, kept, batch_size, baseline_of(baseline, x))
    values, undetermined = (torch.from_numpy(np.stack(found)).to(x) for found in zip(*surrogates, strict=True))
    return Explanation(patches.spread(values), measures={"undetermined": undetermined})
