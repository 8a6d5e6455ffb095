"""Class activation maps: a layer's activations weighted by their gradient, and upsampling to the input's length."""

from __future__ import annotations

from typing import Any, Literal

import torch

from ecgbench.errors import InputError
from ecgbench.methods._gradient import explained_logit, gradient_of

Upsampling = Literal["linear", "nearest"]


def class_activation_map(model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, layer: str | None) -> torch.Tensor:
    """Sum over channels of a layer's activations, each channel weighted by its mean gradient: (n, rows, units), signed.

    `rows` is the number of leads, or 1 if the layer mixes them; `units` is the layer's length in time. `layer` defaults to the model's
    `gradcam_layer`.

    Raises
    ------
    InputError
        If neither the caller nor the model names a layer, the model has no such layer, or its output has no time axis.
    """
    logit, units = logit_and_units(model, x.detach().requires_grad_(True), target, layer)
    return weighted_sum(units, gradient_of(logit, units))


def logit_and_units(model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, layer: str | None) -> tuple[torch.Tensor, torch.Tensor]:
    """The explained logit (n,) and the layer's activations in the same forward pass: (n, channels, [leads,] time)."""
    units: list[Any] = []

    def keep(module: torch.nn.Module, inputs: Any, output: Any) -> Any:
        units.append(output)
        # Later layers get a copy, so that an in-place activation does not overwrite the activations that are kept.
        return output.clone() if isinstance(output, torch.Tensor) else None

    handle = _layer(model, layer).register_forward_hook(keep)
    try:
        logit = explained_logit(model, x, target)
    finally:
        handle.remove()
    if len(units) != 1 or not isinstance(units[0], torch.Tensor) or units[0].ndim not in (3, 4):
        raise InputError(
            "expected a layer that is called once and returns (n, channels, [leads,] time), got something else; name another layer."
        )
    return logit, units[0]


def fine_units(model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, layer: str | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Activations of an earlier, finer layer, and the logit's gradient with respect to each: (n, channels, rows, units) both.

    `layer` defaults to the model's `fine_cam_layer`, or its `gradcam_layer` where it names no finer one.

    Raises
    ------
    InputError
        As `class_activation_map`.
    """
    logit, units = logit_and_units(
        model, x.detach().requires_grad_(True), target, getattr(model, "fine_cam_layer", None) if layer is None else layer
    )
    gradient = gradient_of(logit, units)
    rows = (len(units), units.shape[1], -1, units.shape[-1])
    return units.detach().reshape(rows), gradient.reshape(rows)


def weighted_sum(units: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """The class activation map of a layer's activations and their gradient: (n, rows, units)."""
    space = tuple(range(2, gradient.ndim))
    cam = (gradient.mean(dim=space, keepdim=True) * units.detach()).sum(dim=1)
    return cam.unsqueeze(1) if cam.ndim == 2 else cam


def _layer(model: torch.nn.Module, layer: str | None) -> torch.nn.Module:
    name = layer if layer is not None else getattr(model, "gradcam_layer", None)
    names = [path for path, _ in model.named_modules() if path]
    if name is None:
        raise InputError(
            f"expected the name of a layer for class activation maps, got none; name its last stage, `layer=` one of {', '.join(names)}."
        )
    uncompiled = {path.replace("_orig_mod.", ""): path for path in names}  # torch.compile puts a level between
    name = name if name in names else uncompiled.get(name, name)
    if name not in names:
        raise InputError(f'expected a layer of the model, got "{name}"; name one of {", ".join(names)}.')
    return model.get_submodule(name)


def upsample(cam: torch.Tensor, x: torch.Tensor, upsampling: Upsampling) -> torch.Tensor:
    """Bring a class activation map (n, rows, units) to the input's shape (n, leads, time).

    "linear" puts unit j at sample j * stride, the centre of its receptive field in a network of odd kernels and "same" padding, and is
    constant beyond the last unit; the stride is time / units, rounded up. "nearest" repeats each unit, as the study does.

    Raises
    ------
    InputError
        If there is no such upsampling, or the map has neither one row nor a row per lead.
    """
    if cam.shape[1] not in (1, x.shape[1]):
        raise InputError(f"expected a layer of 1 row or {x.shape[1]} (the leads), got {cam.shape[1]}; name another layer.")
    time, units = x.shape[2], cam.shape[2]
    if upsampling == "nearest":
        stretched = torch.nn.functional.interpolate(cam, size=time, mode="nearest")
    elif upsampling == "linear":
        stride = -(-time // units)
        position = (torch.arange(time, device=cam.device, dtype=cam.dtype) / stride).clamp(max=units - 1)
        left = position.floor().long()
        right = (left + 1).clamp(max=units - 1)
        stretched = torch.lerp(cam[:, :, left], cam[:, :, right], (position - left).to(cam))
    else:
        raise InputError(f'expected upsampling "linear" or "nearest", got "{upsampling}"; choose one of these.')
    return stretched.expand_as(x)
