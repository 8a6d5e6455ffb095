"""HiResCAM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgbench.methods._registry import METHODS

if TYPE_CHECKING:
    import torch

    from ecgbench.methods._cam import Upsampling


@METHODS.register(version=1, reference="arXiv:2011.08891", passes=1)
def hirescam(
    model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, layer: str | None = None, upsampling: Upsampling = "linear"
) -> torch.Tensor:
    """Activations times their gradients, summed over channels (Draelos & Carin 2020): a signed map, of a stage before the last.

    Where nothing but a linear layer follows, a map's units sum to the logit without its bias.

    Parameters
    ----------
    layer : name of the module whose activations are multiplied; default the model's `fine_cam_layer`, or else its `gradcam_layer`
    upsampling : "linear" between the centres of the units' receptive fields, or "nearest"
    """
    from ecgbench.methods._cam import fine_units, upsample

    units, gradient = fine_units(model, x, target, layer)
    return upsample((units * gradient).sum(dim=1), x, upsampling)
