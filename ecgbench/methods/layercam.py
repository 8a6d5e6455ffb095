"""LayerCAM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgbench.methods._registry import METHODS

if TYPE_CHECKING:
    import torch

    from ecgbench.methods._cam import Upsampling


@METHODS.register(version=1, reference="doi:10.1109/TIP.2021.3089943", passes=1)
def layercam(
    model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, layer: str | None = None, upsampling: Upsampling = "linear"
) -> torch.Tensor:
    """Activations weighted by their rectified gradients, unit by unit (Jiang et al. 2021), of a stage before the last: never negative.

    Weights of whole channels, as those of `gradcam`, mean little where a channel's units see small parts of the window.

    Parameters
    ----------
    layer : name of the module whose activations are weighted; default the model's `fine_cam_layer`, or else its `gradcam_layer`
    upsampling : "linear" between the centres of the units' receptive fields, or "nearest"
    """
    from ecgbench.methods._cam import fine_units, upsample

    units, gradient = fine_units(model, x, target, layer)
    return upsample((units * gradient.clamp(min=0)).sum(dim=1).clamp(min=0), x, upsampling)
