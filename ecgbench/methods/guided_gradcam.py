"""Guided Grad-CAM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgbench.methods._registry import METHODS

if TYPE_CHECKING:
    import torch

    from ecgbench.methods.cam.upsampling import Upsampling


@METHODS.register(version=1, reference="doi:10.1007/s11263-019-01228-7", passes=1, study={"upsampling": "nearest"})
def guided_gradcam(
    model: torch.nn.Module,
    x: torch.Tensor,
    target: torch.Tensor,
    layer: str | None = None,
    upsampling: Upsampling = "linear",
    layer_layout: str | None = None,
) -> torch.Tensor:
    """Guided backpropagation times the rectified class activation map (Selvaraju et al. 2017).

    The class activation map is rectified before it is upsampled; if none of it is positive, the whole map is zero.

    Parameters
    ----------
    layer, upsampling, layer_layout : as those of `gradcam`
    """
    from ecgbench.methods._gradient import gradient_of
    from ecgbench.methods._guided import GuidedReLUs
    from ecgbench.methods.cam.layers import chosen_units
    from ecgbench.methods.cam.maps import logit_and_activations, weighted_sum
    from ecgbench.methods.cam.upsampling import upsample

    units = chosen_units(model, x, layer, layer_layout)
    x = x.detach().requires_grad_(True)
    with GuidedReLUs(model, len(x)) as relus:
        logit, activations = logit_and_activations(model, x, target, units)
    relus.check_seen(logit, "guided_gradcam")
    relus.clips = False
    plain = gradient_of(logit, activations, keep=True)
    relus.clips = True
    guided = gradient_of(logit, x)
    return guided * upsample(weighted_sum(activations, plain, units).clamp(min=0), x, upsampling, units.places)
