"""Grad-CAM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgbench.methods._registry import METHODS

if TYPE_CHECKING:
    import torch

    from ecgbench.methods.cam.upsampling import Upsampling


@METHODS.register(version=1, reference="doi:10.1007/s11263-019-01228-7", passes=1, study={"upsampling": "nearest"})
def gradcam(
    model: torch.nn.Module,
    x: torch.Tensor,
    target: torch.Tensor,
    layer: str | None = None,
    upsampling: Upsampling = "linear",
    layer_layout: str | None = None,
) -> torch.Tensor:
    """Signed class activation map of the last stage (Selvaraju et al. 2017), brought up to the input.

    Parameters
    ----------
    layer : name of the module whose activations are weighted; default the model's `gradcam_layer`, or the last that stands in time
    upsampling : "linear" between the units' places in the window, the middles of what they see, or "nearest"
    layer_layout : what the axes of the layer's output after the windows are, such as "time, channels"; default what is found out
    """
    from ecgbench.methods.cam.layers import chosen_units
    from ecgbench.methods.cam.maps import class_activation_map
    from ecgbench.methods.cam.upsampling import upsample

    units = chosen_units(model, x, layer, layer_layout)
    return upsample(class_activation_map(model, x, target, units), x, upsampling, units.places)
