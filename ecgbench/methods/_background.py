"""Windows that others are compared with: a background that is given, and the baseline of each window."""

from __future__ import annotations

from typing import Any

import torch

from ecgbench.baseline import ZERO, baseline_windows, given_windows
from ecgbench.errors import InputError
from ecgbench.inputs import as_array


def as_background(name: str, given: Any, x: torch.Tensor) -> torch.Tensor:
    """The given windows (m, leads, time) beside explained ones (n, leads, time), on their device and in their precision.

    Parameters
    ----------
    name : what an error calls the given windows

    Raises
    ------
    InputError
        If they are not finite windows of this shape.
    """
    return torch.from_numpy(given_windows(name, given, *x.shape[1:])).to(x)


def baseline_of(baseline: Any, x: torch.Tensor) -> torch.Tensor:
    """The baseline (see `ecgbench.baseline`) of windows (n, leads, time), on their device: (n or 1, leads, time)."""
    if isinstance(baseline, str) and baseline == ZERO:
        return torch.zeros_like(x[:1])
    return torch.from_numpy(baseline_windows(baseline, as_array(x))).to(x)


def only_zero(baseline: Any) -> None:
    """Refuse any baseline but the flat line, where Captum computes the map.

    Raises
    ------
    InputError
        If it is another.
    """
    if not (isinstance(baseline, str) and baseline == ZERO):
        raise InputError(f'expected baseline="{ZERO}" with implementation="captum", got another; use implementation="ecgbench".')
