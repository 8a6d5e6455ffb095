"""Which samples move a layer's units most: for units that all depend on all samples, as behind attention or a norm over the window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float
from scipy.stats import theilslopes

from ecgbench.methods.cam.outputs import NetworkError, Probe
from ecgbench.methods.cam.places import Places
from ecgbench.randomness import seed_generator

UNITS = 24
"""Units whose response is measured; the others stand on a line with them."""

WINDOWS = 3
"""Windows of noise in which it is measured: never those explained, on whose order maps would then depend."""

LOPSIDED = 0.25
"""Share of the samples that units see by which what moves them most must be off their middle, for units to be placed there."""

WIDTHS = 2.0
"""Widths of the response by which it may be off instead, where that is less: behind shortcuts units see far more than what moves them."""

ON_LINE = 0.75
"""Share of the measured units that must stand within a stride of the line."""


def places_by_response(probe: Probe, x: torch.Tensor, axis: int) -> Places | None:
    """The samples that move units most, None if the axis is not time.

    Units are differentiated with respect to the window. Half of a unit's squared response above its median over the window lies before its
    centre; the units' centres must lie on a line, which is what is returned. The first unit may stand apart: then it has no place.

    Parameters
    ----------
    x : (1, leads, time)
    axis : of the output, whose units may be stretches of time
    """
    count, time = probe(x).shape[axis], x.shape[2]
    if count < 2:
        return None
    units = np.unique(np.concatenate([[0, 1, count - 1], np.linspace(0, count - 1, UNITS).round()]).astype(int))
    middles = _middles(_responses(probe, x, axis, units))
    slope, intercept = (float(value) for value in theilslopes(middles, units, method="joint")[:2])
    on_line = np.abs(slope * units + intercept - middles) <= max(slope, 1)
    if not 0.5 < slope * count / time < 1.5 or on_line.mean() < ON_LINE:
        return None
    centres = slope * np.arange(count) + intercept
    if not on_line[0] and on_line[1]:
        centres[0] = np.nan
    return Places(np.asarray(centres))


def where_they_respond(probe: Probe, x: torch.Tensor, axis: int, places: Places) -> Places:
    """The units' places, moved where units respond far from the middle of what they see.

    A causal layer with shortcuts sees the past, as long as all its layers together do, and responds to the present; so do residual blocks
    of even kernels, whose outputs are cut at one end. Units are moved together, by the median of what each is off.

    Parameters
    ----------
    places : the middles of what they see
    """
    count = len(places.centres)
    stride = float(places.centres[1] - places.centres[0]) if count > 1 else np.inf
    if LOPSIDED * places.seen <= stride:  # a unit's own width hides it
        return places
    units = np.unique(np.linspace(0, count - 1, UNITS).round().astype(int))
    responses = _responses(probe, x, axis, units)
    off = float(np.median(_middles(responses) - places.centres[units]))
    width = float(np.median(_middles(responses, 0.75) - _middles(responses, 0.25)))
    least = max(min(LOPSIDED * places.seen, WIDTHS * width), stride)
    return places if abs(off) <= least else replace(places, centres=places.centres + off)


def rows_moved_by_leads(probe: Probe, x: torch.Tensor, axis: int) -> Float[np.ndarray, "rows leads"]:
    """How much each lead moves each row of the output, along an axis."""
    rows = np.arange(probe(x).shape[axis])
    return np.asarray(_gradients(probe, x, axis, rows).sum(axis=2))


def _responses(probe: Probe, x: torch.Tensor, axis: int, units: np.ndarray) -> Float[np.ndarray, "units time"]:
    rng = seed_generator(0, "response of units")
    noise = [torch.from_numpy(rng.normal(size=x.shape)).to(x) for _ in range(WINDOWS)]
    return np.asarray(sum(_gradients(probe, window, axis, units).sum(axis=1) for window in noise))


def _gradients(probe: Probe, x: torch.Tensor, axis: int, units: np.ndarray) -> Float[np.ndarray, "units leads time"]:
    """Absolute gradient of each unit with respect to the window; a unit's values are summed with signs drawn at random."""
    rows = x.repeat(len(units), 1, 1).requires_grad_(True)
    values = probe(rows).movedim(axis, 1).flatten(2)[torch.arange(len(units)), torch.from_numpy(units)]
    signs = torch.from_numpy(seed_generator(0, "signs of values").choice([-1.0, 1.0], values.shape[1])).to(values)
    if not values.requires_grad:
        raise NetworkError
    (gradient,) = torch.autograd.grad((values * signs).sum(), rows)
    return np.asarray(gradient.abs().double().cpu().numpy())


def _middles(responses: Float[np.ndarray, "units time"], part: float = 0.5) -> Float[np.ndarray, " units"]:
    """The sample before which half, or another part, of a response's squared excess over its median lies; 0 where there is none."""
    excess = np.square(np.clip(responses - np.median(responses, axis=1, keepdims=True), 0, None))
    share = np.cumsum(excess, axis=1) / np.maximum(excess.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    return np.asarray(np.argmax(share >= part, axis=1), dtype=float)
