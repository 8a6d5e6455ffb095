"""Class activation maps: a layer's activations weighted by their gradient."""

from __future__ import annotations

import torch

from ecgbench.methods._gradient import explained_logit, gradient_of
from ecgbench.methods.cam.layers import chosen_units
from ecgbench.methods.cam.outputs import output_kept
from ecgbench.methods.cam.units import Units


def class_activation_map(model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, units: Units) -> torch.Tensor:
    """Sum over channels of a layer's activations, each channel weighted by its mean gradient: (n, rows, units), signed.

    `rows` is the number of leads, or 1 if the layer mixes them.
    """
    logit, activations = logit_and_activations(model, x.detach().requires_grad_(True), target, units)
    return weighted_sum(activations, gradient_of(logit, activations), units)


def logit_and_activations(model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, units: Units) -> tuple[torch.Tensor, torch.Tensor]:
    """The explained logit (n,) and what the layer returns in the same forward pass, as it is."""
    with output_kept(model.get_submodule(units.layer)) as kept:
        logit = explained_logit(model, x, target)
    return logit, kept()


def fine_activations(
    model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, layer: str | None, layer_layout: str | None
) -> tuple[torch.Tensor, torch.Tensor, Units]:
    """Activations of an earlier, finer layer, the logit's gradient with respect to each, (n, channels, rows, units) both, and the units.

    `layer` defaults to the model's `fine_cam_layer`, its `gradcam_layer` where it names no finer one, or the last that stands in time.

    Raises
    ------
    InputError
        As `chosen_units`.
    """
    units = chosen_units(model, x, layer, layer_layout, ("fine_cam_layer", "gradcam_layer"))
    logit, activations = logit_and_activations(model, x.detach().requires_grad_(True), target, units)
    gradient = gradient_of(logit, activations)
    return units.layout.canonical(activations.detach()), units.layout.canonical(gradient), units


def weighted_sum(activations: torch.Tensor, gradient: torch.Tensor, units: Units) -> torch.Tensor:
    """The class activation map (n, rows, units) of a layer's activations and their gradient, both as the layer returns them."""
    weights = units.layout.canonical(gradient).mean(dim=(2, 3), keepdim=True)
    return units.layout.by_lead((weights * units.layout.canonical(activations.detach())).sum(dim=1))
