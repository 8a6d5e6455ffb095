"""Which samples a layer's units depend on, found with samples that are not a number: independent of weights, exact."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Bool, Int
from scipy.stats import theilslopes

from ecgbench.methods.cam.outputs import Probe
from ecgbench.methods.cam.places import Places

Units = Int[np.ndarray, " units"]
"""A number for each unit."""

Ranges = Int[np.ndarray, " ranges"]
"""A sample for each range of samples."""

SAME_STRIDE = 0.05
"""Largest difference of the strides of the first and the last samples that units see, as a share."""

LENGTHS = (1, 2, 4, 8, 16, 32)
"""Multiples of the window in which units are looked for that see beyond both ends of the window."""


def moving_axes(probe: Probe, x: torch.Tensor) -> list[int]:
    """Axes of the output along which some units depend on a window's first or last samples and others don't: time, if it is found.

    Parameters
    ----------
    x : (1, leads, time)
    """
    time, part = x.shape[2], max(x.shape[2] // 16, 1)
    hidden = _hidden(x, np.array([0, time - part]), np.array([part, time]))
    return sorted({axis for affected in probe(hidden).isnan() for axis in _axes_between(affected)})


def _axes_between(affected: torch.Tensor) -> list[int]:
    """Axes along which some are affected with all that the other axes hold, and some not at all; counted with that of the windows."""
    found = []
    for axis in range(affected.ndim):
        along = affected.movedim(axis, 0).flatten(1)
        if along.all(dim=1).any() and not along.any(dim=1).all():
            found.append(1 + axis)
    return found


def rows_that_one_lead_moves(probe: Probe, x: torch.Tensor, axis: int, lead: int) -> Bool[np.ndarray, " rows"]:
    """Which rows of the output, along an axis, depend on a lead."""
    hidden = x.clone()
    hidden[:, lead] = torch.nan
    return np.asarray(_depend(probe, hidden, axis)[0])


def places_by_reach(probe: Probe, x: torch.Tensor, axis: int) -> Places | None:
    """The middles of the samples that units depend on, None where they cannot be found.

    A unit near an end depends on fewer samples than others, so that its own middle says little; but the first samples that units depend
    on lie on a line, and so do the last. Where all units see beyond both ends, longer windows are tried.

    Parameters
    ----------
    x : (1, leads, time)
    axis : of time, in the output
    """
    units = probe(x).shape[axis]
    for times in LENGTHS:
        longer = x.repeat(1, 1, times)
        count = probe(longer).shape[axis] if times > 1 else units
        if count < times * max(units - 1, 0.75):  # units that don't grow with the window stand elsewhere in a longer one
            return None
        lines = _lines(probe, longer, axis, count)
        if lines is not None:
            (stride, first), (_, last) = lines
            half = (last - first) / 2
            return Places(stride * np.arange(units) + first + half, half if 2 * half < stride else 0.0, 2 * half + 1)
    return None


def _lines(probe: Probe, x: torch.Tensor, axis: int, count: int) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Stride and intercept of the first samples that units depend on, and of the last."""
    time = x.shape[2]
    seen = _noticed(probe, x, axis, np.array([0, time - 1]), np.array([1, time]))
    begins, ends = np.flatnonzero(~seen[0]), np.flatnonzero(~seen[1])
    if min(len(begins), len(ends)) < 2:
        return None
    left, right = _spread(begins, 1 / 4, 1), _spread(ends, 0, 3 / 4)
    first = _fewest(lambda many: _noticed(probe, x, axis, np.zeros_like(many), many)[:, left], time, len(left)) - 1
    last = time - _fewest(lambda many: _noticed(probe, x, axis, time - many, np.full_like(many, time))[:, right], time, len(right))
    return _agreeing(_line(left, first), _line(right, last)) if first.max() < time and last.min() >= 0 else None


def _spread(units: Units, begin: float, end: float) -> Int[np.ndarray, " chosen"]:
    """Three units between two shares of all: two make a line, and the third shows whether it is one.

    Those next to an end of the window may see less than others even where it is not the window that ends, as behind padded layers that
    leave out a rest.
    """
    return np.unique(units[np.round((len(units) - 1) * np.linspace(begin, end, 3)).astype(int)])


def _agreeing(
    left: tuple[float, float] | None, right: tuple[float, float] | None
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    if left is None or right is None or abs(left[0] - right[0]) > SAME_STRIDE * left[0]:
        return None
    stride = (left[0] + right[0]) / 2
    return (stride, left[1]), (stride, right[1])


def _line(units: Units, samples: Units) -> tuple[float, float] | None:
    """Slope and intercept, if the units' samples lie on a rising line but for half a stride."""
    slope, intercept = (float(value) for value in theilslopes(samples, units, method="joint")[:2])
    fits = slope > 0 and np.abs(slope * units + intercept - samples).max() <= max(slope / 2, 1)
    return (slope, intercept) if fits else None


def _fewest(noticed: Callable[[Ranges], Bool[np.ndarray, "ranges units"]], time: int, count: int) -> Units:
    """How many samples must be hidden until each unit notices; time + 1 where hiding all of them changes nothing."""
    too_few, enough = np.zeros(count, dtype=np.int64), np.full(count, time + 1)
    while (enough - too_few > 1).any():
        middle = np.unique((too_few + enough) // 2)
        told = noticed(middle)  # each row tells something about all units, as more hidden samples are never noticed less
        enough = np.minimum(enough, np.where(told, middle[:, None], time + 1).min(axis=0))
        too_few = np.maximum(too_few, np.where(told, 0, middle[:, None]).max(axis=0))
    return enough


def _noticed(probe: Probe, x: torch.Tensor, axis: int, begins: Ranges, ends: Ranges) -> Bool[np.ndarray, "ranges units"]:
    """Whether each unit depends on each of some ranges of samples."""
    return _depend(probe, _hidden(x, begins, ends), axis)


def _depend(probe: Probe, hidden: torch.Tensor, axis: int) -> Bool[np.ndarray, "windows places"]:
    """By window and place along an axis of the output, whether a value there depends on what is hidden in the window."""
    return np.asarray(probe(hidden).isnan().movedim(axis, 1).flatten(2).any(dim=2).cpu().numpy())


def _hidden(x: torch.Tensor, begins: Ranges, ends: Ranges) -> torch.Tensor:
    """The window once for each range of samples, which are not a number there."""
    rows = x.repeat(len(begins), 1, 1)
    for row, begin, end in zip(rows, begins.tolist(), ends.tolist(), strict=True):
        row[:, begin:end] = torch.nan
    return rows
