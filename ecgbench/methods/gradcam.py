"""Grad-CAM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgbench.methods._registry import METHODS

if TYPE_CHECKING:
    import torch

    from ecgbench.methods._cam import Upsampling


@METHODS.register(version=1, reference="doi:10.1007/s11263-019-01228-7", passes=1, study={"upsampling": "nearest"})
def gradcam(
    model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, layer: str | None = None, upsampling: Upsampling = "linear"
) -> torch.Tensor:
    """Signed class activation map of the last stage (Selvaraju et al. 2017), brought up to the input.

    Parameters
    ----------
    layer : name of the module whose activations are weighted; default the model's `gradcam_layer`
    upsampling : "linear" between the centres of the units' receptive fields, or "nearest"
    """
    from ecgbench.methods._cam import class_activation_map, upsample

    return upsample(class_activation_map(model, x, target, layer), x, upsampling)
