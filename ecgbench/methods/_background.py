"""Windows that are given for others to be compared with."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

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
    leads, time = x.shape[1:]
    try:
        windows = np.array(as_array(given))
    except ValueError as error:
        raise InputError(f"expected {name} (m, {leads}, {time}), got lists of several lengths; cut it like the windows.") from error
    if windows.ndim != 3 or not len(windows) or windows.shape[1:] != (leads, time):
        raise InputError(f"expected {name} (m, {leads}, {time}), got {windows.shape}; cut it like the windows.")
    if windows.dtype.kind not in "fiu" or not np.isfinite(windows).all():
        raise InputError(f"expected {name} of finite numbers, got {windows.dtype} with others; leave those windows out.")
    return torch.from_numpy(windows).to(x)
