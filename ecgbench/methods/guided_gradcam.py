"""Guided Grad-CAM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgbench.methods._registry import METHODS

if TYPE_CHECKING:
    import torch

    from ecgbench.methods._cam import Upsampling


@METHODS.register(version=1, reference="doi:10.1007/s11263-019-01228-7", passes=1, study={"upsampling": "nearest"})
def guided_gradcam(
    model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, layer: str | None = None, upsampling: Upsampling = "linear"
) -> torch.Tensor:
    """Guided backpropagation times the rectified class activation map (Selvaraju et al. 2017).

    The class activation map is rectified before it is upsampled; if none of it is positive, the whole map is zero.

    Parameters
    ----------
    layer, upsampling : as those of `gradcam`
    """
    from ecgbench.methods._cam import logit_and_units, upsample, weighted_sum
    from ecgbench.methods._gradient import gradient_of
    from ecgbench.methods._guided import GuidedReLUs

    x = x.detach().requires_grad_(True)
    with GuidedReLUs(model) as relus:
        logit, units = logit_and_units(model, x, target, layer)
    relus.check_seen(logit)
    relus.clips = False
    plain = gradient_of(logit, units, keep=True)
    relus.clips = True
    guided = gradient_of(logit, x)
    return guided * upsample(weighted_sum(units, plain).clamp(min=0), x, upsampling)
