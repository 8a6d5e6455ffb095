"""Occlusion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ecgbench.inputs import at_least
from ecgbench.methods._registry import FORWARD_SHARE, METHODS

if TYPE_CHECKING:
    import torch


@METHODS.register(
    version=1,
    reference="doi:10.1007/978-3-319-10590-1_53",
    passes=FORWARD_SHARE,
    per_patch="patch",
    needs=("batch_size",),
    of_dataset={"patch": "tenth_second"},
)
def occlusion(
    model: torch.nn.Module,
    x: torch.Tensor,
    target: torch.Tensor,
    batch_size: int,
    patch: int = 24,
    stride: int | None = None,
    baseline: Any = "zero",
) -> torch.Tensor:
    """Fall of the logit where a patch of all leads becomes a baseline's, in equal shares to its samples (Zeiler & Fergus 2014).

    Of several patches over a sample, its value is the mean.

    Parameters
    ----------
    batch_size : perturbed windows per forward pass
    patch : width of a patch, in samples of the signal
    stride : samples from a patch to the next, at most the width; default the width, so that none overlap
    baseline : "zero", "mean", "noise", or given (leads, time) or (n, leads, time): what a patch becomes
    """
    import torch

    from ecgbench.methods._background import baseline_of
    from ecgbench.methods._patches import logits_of_perturbations

    width = min(at_least("patch", patch), x.shape[2])
    step = width if stride is None else at_least("stride", stride, most=patch)
    onset = torch.arange(0, x.shape[2] - width + step, step, device=x.device)
    at = torch.arange(x.shape[2], device=x.device)
    hidden = (at >= onset[:, None]) & (at < onset[:, None] + width)

    # Perturbation 0 is the window itself.
    hides, other = torch.cat([torch.zeros_like(hidden[:1]), hidden]), baseline_of(baseline, x).expand_as(x)
    logits = logits_of_perturbations(
        model, target, lambda window, number: torch.where(hides[number][:, None], other[window], x[window]), len(hides), batch_size
    )
    falls = torch.from_numpy(logits[:, :1] - logits[:, 1:]).to(x)
    covers = hidden.to(x)
    means = (falls / (covers.sum(dim=1) * x.shape[1])) @ covers / covers.sum(dim=0)
    return means.unsqueeze(1).repeat(1, x.shape[1], 1)
