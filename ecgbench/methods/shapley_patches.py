"""Shapley values of patches, by permutations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

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
) -> Explanation:
    """Shapley values of patches of all leads kept or zeroed, in equal shares to their samples (Castro et al. 2009).

    They are means of what each patch adds to those before it in random orders, half of which are the others reversed (Mitchell et al.
    2022, arXiv:2104.12199), so they sum to the logit's change from a flat line exactly. A patch that the model ignores gets 0 exactly,
    unlike in `kernel_shap`, which has the same aim.

    Parameters
    ----------
    generators : one per window
    batch_size : perturbed windows per forward pass
    patch : width of a patch, in samples of the signal
    permutations : number of orders, even
    """
    import torch

    from ecgbench.methods._patches import Patches, perturbed_logits

    if at_least("permutations", permutations, 2) % 2:
        raise InputError(
            f"expected an even number of permutations, since half are the others reversed, got {permutations}; name {permutations + 1}."
        )
    patches = Patches(1, x.shape[2], patch)
    ends = perturbed_logits(model, x, target, patches, [np.array([[False], [True]]).repeat(patches.count, axis=1)] * len(x), batch_size)
    values = []
    for window, of, generator, (flat, whole) in zip(torch.split(x, 1), torch.split(target, 1), generators, ends, strict=True):

        def worth(kept: Members, window: torch.Tensor = window, of: torch.Tensor = of) -> np.ndarray:
            return perturbed_logits(model, window, of, patches, [kept], batch_size)[0] if len(kept) else np.zeros(0)

        orders = antithetic_orders(generator, patches.count, permutations)
        values.append(marginal_gains(orders, worth, flat, whole).mean(axis=0))
    change = np.diff(ends, axis=1)[:, 0]
    return Explanation(patches.shared_out(torch.from_numpy(np.stack(values)).to(x), x).clone(), torch.from_numpy(change).to(x))
