"""LayerCAM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgbench.methods._registry import METHODS

if TYPE_CHECKING:
    import torch

    from ecgbench.methods.cam.upsampling import Upsampling


@METHODS.register(version=1, reference="doi:10.1109/TIP.2021.3089943", passes=1)
def layercam(
    model: torch.nn.Module,
    x: torch.Tensor,
    target: torch.Tensor,
    layer: str | None = None,
    upsampling: Upsampling = "linear",
    layer_layout: str | None = None,
) -> torch.Tensor:
    """Activations weighted by their rectified gradients, unit by unit (Jiang et al. 2021), of a stage before the last: never negative.

    Weights of whole channels, as those of `gradcam`, mean little where a channel's units see small parts of the window.

    Parameters
    ----------
    layer : name of the module whose activations are weighted; default the model's `fine_cam_layer`, its
        `gradcam_layer`, or the last that stands in time
    upsampling, layer_layout : as those of `gradcam`
    """
    from ecgbench.methods.cam.maps import fine_activations
    from ecgbench.methods.cam.upsampling import upsample

    activations, gradient, units = fine_activations(model, x, target, layer, layer_layout)
    return upsample(units.layout.by_lead((activations * gradient.clamp(min=0)).sum(dim=1).clamp(min=0)), x, upsampling, units.places)
