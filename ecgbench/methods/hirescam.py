"""HiResCAM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgbench.methods._registry import METHODS

if TYPE_CHECKING:
    import torch

    from ecgbench.methods.cam.upsampling import Upsampling


@METHODS.register(version=1, reference="arXiv:2011.08891", passes=1)
def hirescam(
    model: torch.nn.Module,
    x: torch.Tensor,
    target: torch.Tensor,
    layer: str | None = None,
    upsampling: Upsampling = "linear",
    layer_layout: str | None = None,
) -> torch.Tensor:
    """Activations times their gradients, summed over channels (Draelos & Carin 2020): a signed map, of a stage before the last.

    Where nothing but a linear layer follows, a map's units sum to the logit without its bias.

    Parameters
    ----------
    layer : name of the module whose activations are multiplied; default the model's `fine_cam_layer`, its
        `gradcam_layer`, or the last that stands in time
    upsampling, layer_layout : as those of `gradcam`
    """
    from ecgbench.methods.cam.maps import fine_activations
    from ecgbench.methods.cam.upsampling import upsample

    activations, gradient, units = fine_activations(model, x, target, layer, layer_layout)
    return upsample(units.layout.by_lead((activations * gradient).sum(dim=1)), x, upsampling, units.places)
