"""RISE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgbench.inputs import at_least
from ecgbench.methods._registry import FORWARD_SHARE, METHODS

if TYPE_CHECKING:
    import torch


@METHODS.register(
    version=1,
    reference="arXiv:1806.07421",
    passes=FORWARD_SHARE,
    per="masks",
    needs=("generators", "batch_size"),
    of_dataset={"patch": "tenth_second"},
)
def rise(
    model: torch.nn.Module,
    x: torch.Tensor,
    target: torch.Tensor,
    generators: Sequence[np.random.Generator],
    batch_size: int,
    patch: int = 24,
    masks: int = 500,
    baseline: Any = "zero",
) -> torch.Tensor:
    """Mean logit of randomly masked windows, each weighted by what its mask keeps of a sample (Petsiuk et al. 2018).

    The mean over all masks is subtracted, which moves a map by a constant and takes away what the random number of masks that keep a
    sample adds to it. A mask is 0 or 1 at every `patch` samples, with equal probability and from a random place on, and linear between; it
    is the same for all leads.

    Parameters
    ----------
    generators : one per window
    batch_size : masked windows per forward pass
    patch : distance between the nodes of a mask, in samples of the signal
    masks : number of masked windows
    baseline : "zero", "mean", "noise", or given (leads, time) or (n, leads, time): what a window becomes where its mask is 0
    """
    import torch

    from ecgbench.methods._background import baseline_of
    from ecgbench.methods._masks import drawn_masks
    from ecgbench.methods._patches import logits_of_perturbations

    at_least("masks", masks)
    drawn = drawn_masks(generators, masks, x, at_least("patch", patch))
    other = baseline_of(baseline, x).expand_as(x)
    change = x - other
    logits = logits_of_perturbations(
        model, target, lambda window, number: other[window] + change[window] * drawn.rows(window, number)[:, None], masks, batch_size
    )
    weight = torch.from_numpy(logits - logits.mean(axis=1, keepdims=True)).to(x)
    number, maps = torch.arange(masks, device=x.device), torch.empty_like(x)
    for i in range(len(x)):
        kept = drawn.rows(torch.full_like(number, i), number)
        maps[i] = weight[i] @ kept / kept.sum(dim=0).clamp(min=torch.finfo(x.dtype).tiny)
    return maps
