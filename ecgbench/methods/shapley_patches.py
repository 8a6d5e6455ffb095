"""Shapley values of patches, by permutations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgbench.errors import InputError
from ecgbench.inputs import at_least
from ecgbench.methods._registry import FORWARD_SHARE, METHODS, Explanation
from ecgbench.shapley import Members, antithetic_orders, marginal_gains

if TYPE_CHECKING:
    import torch


@METHODS.register(
    version=1,
    reference="doi:10.1016/j.cor.2008.04.004",
    passes=FORWARD_SHARE,
    per="permutations",
    per_patch="patch",
    needs=("generators", "batch_size"),
    of_dataset={"patch": "tenth_second"},
    sum_within=1e-3,
)
def shapley_patches(
    model: torch.nn.Module,
    x: torch.Tensor,
    target: torch.Tensor,
    generators: Sequence[np.random.Generator],
    batch_size: int,
    patch: int = 24,
    permutations: int = 8,
    baseline: Any = "zero",
) -> Explanation:
    """Shapley values of patches of all leads kept or given a baseline's values, in equal shares to their samples (Castro et al. 2009).

    They are means of what each patch adds to those before it in random orders, half of which are the others reversed (Mitchell et al.
    2022, arXiv:2104.12199), so they sum to the logit's change from the baseline exactly. A patch that the model ignores gets 0 exactly,
    unlike in `kernel_shap`, which has the same aim.

    Parameters
    ----------
    generators : one per window
    batch_size : perturbed windows per forward pass
    patch : width of a patch, in samples of the signal
    permutations : number of orders, even
    baseline : "zero", "mean", "noise", or given (leads, time) or (n, leads, time): what patches that are not kept become
    """
    import torch

    from ecgbench.methods._background import baseline_of
    from ecgbench.methods._patches import Patches, perturbed_logits

    if at_least("permutations", permutations, 2) % 2:
        raise InputError(
            f"expected an even number of permutations, since half are the others reversed, got {permutations}; name {permutations + 1}."
        )
    patches, other = Patches(1, x.shape[2], patch), baseline_of(baseline, x)
    both = [np.array([[False], [True]]).repeat(patches.count, axis=1)] * len(x)
    ends = perturbed_logits(model, x, target, patches, both, batch_size, other)
    values = []
    for i, generator in enumerate(generators):
        window, of, own = (part[i : i + 1] for part in (x, target, other.expand_as(x)))

        def worth(kept: Members, window: torch.Tensor = window, of: torch.Tensor = of, own: torch.Tensor = own) -> np.ndarray:
            return perturbed_logits(model, window, of, patches, [kept], batch_size, own)[0] if len(kept) else np.zeros(0)

        orders = antithetic_orders(generator, patches.count, permutations)
        values.append(marginal_gains(orders, worth, *ends[i]).mean(axis=0))
    change = np.diff(ends, axis=1)[:, 0]
    return Explanation(patches.shared_out(torch.from_numpy(np.stack(values)).to(x), x).clone(), torch.from_numpy(change).to(x))
