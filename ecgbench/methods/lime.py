"""LIME."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ecgbench.inputs import at_least
from ecgbench.methods._registry import FORWARD_SHARE, METHODS

if TYPE_CHECKING:
    import torch


@METHODS.register(
    version=2,
    reference="doi:10.1145/2939672.2939778",
    passes=FORWARD_SHARE,
    per="samples",
    needs=("generators", "batch_size"),
    of_dataset={"patch": "patch", "samples": "perturbations"},
    study={"alpha": 0.01},
    advice={
        "zero": 'no patch is worth as much as the penalty, alpha={alpha}; give a smaller number, or "relative", which goes by the logits'
    },
)
def lime(
    model: torch.nn.Module,
    x: torch.Tensor,
    target: torch.Tensor,
    generators: Sequence[np.random.Generator],
    batch_size: int,
    patch: int = 24,
    samples: int = 500,
    alpha: float | Literal["relative"] = "relative",
    baseline: Any = "zero",
) -> torch.Tensor:
    """Coefficients of a Lasso of the logit on patches kept or given a baseline's values, each with probability 1/2 (Ribeiro et al. 2016).

    A perturbed window weighs exp(-d^2 / 2), d its cosine distance from the intact one, both less the baseline.

    Parameters
    ----------
    generators : one per window
    batch_size : perturbed windows per forward pass
    patch : width of a patch, in samples of the signal
    samples : number of perturbed windows
    alpha : weight of the coefficients' absolute values, in logits, as the study's 0.01; "relative" for 0.01 standard deviations of the
        perturbed windows' logits, which says the same of networks with larger and smaller ones
    baseline : "zero", "mean", "noise", or given (leads, time) or (n, leads, time): what patches that are not kept become
    """
    import torch

    from ecgbench.methods._background import baseline_of
    from ecgbench.methods._patches import Patches, fitted
    from ecgbench.methods._surrogate import lasso

    at_least("samples", samples)
    patches = Patches(x.shape[1], x.shape[2], patch)
    kept = [generator.random((samples, patches.count)) < 0.5 for generator in generators]
    other = baseline_of(baseline, x)
    energies = patches.energies(x - other)

    def fit(window: int, logits: np.ndarray) -> np.ndarray:
        return lasso(kept[window], logits, energies[window], alpha)

    coefficients = fitted(fit, model, x, target, patches, kept, batch_size, other)
    return patches.spread(torch.from_numpy(np.stack(coefficients)).to(x))
