"""Bringing a layer's units up to the samples of the window."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from jaxtyping import Float

from ecgbench.errors import InputError
from ecgbench.methods.cam.places import Places

Upsampling = Literal["linear", "nearest"]


def upsample(cam: torch.Tensor, x: torch.Tensor, upsampling: Upsampling, places: Places) -> torch.Tensor:
    """Bring a class activation map (n, rows, units) to the input's shape (n, leads, time).

    "linear" puts each unit at its centre, with lines between, and is constant before the first and beyond the last; a unit that alone sees
    some samples has its value at all of them. "nearest" repeats each unit, as the study does. Units without a place are left out.

    Parameters
    ----------
    x : (n, leads, time)
    places : where the units stand

    Raises
    ------
    InputError
        If there is no such upsampling, or the map has neither one row nor a row per lead.
    """
    if cam.shape[1] not in (1, x.shape[1]):
        raise InputError(f"expected a layer of 1 row or {x.shape[1]} (the leads), got {cam.shape[1]}; name another layer.")
    placed = np.isfinite(places.centres)
    cam = cam if placed.all() else cam[:, :, torch.from_numpy(placed).to(cam.device)]
    if upsampling == "nearest":
        return torch.nn.functional.interpolate(cam, size=x.shape[2], mode="nearest").expand_as(x)
    if upsampling == "linear":
        return _between(cam, places.centres[placed], places.half, x.shape[2]).expand_as(x)
    raise InputError(f'expected upsampling "linear" or "nearest", got "{upsampling}"; choose one of these.')


def _between(cam: torch.Tensor, centres: Float[np.ndarray, " units"], half: float, time: int) -> torch.Tensor:
    units = np.arange(len(centres))
    knots = np.stack([centres - half, centres + half], axis=1).ravel() if half else centres
    place = np.interp(np.arange(time), knots, np.repeat(units, 2) if half else units)
    position = torch.from_numpy(place).to(cam)
    left = position.floor().long()
    return torch.lerp(cam[:, :, left], cam[:, :, (left + 1).clamp(max=len(units) - 1)], position - left)
