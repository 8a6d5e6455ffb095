"""Validation of metrics' arguments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from jaxtyping import Float64
from numpy.typing import NDArray

from ecgbench.errors import InputError

MAX_LISTED_WINDOWS = 8
"""Largest number of windows listed in an error message."""


def flat_maps(attributions: NDArray[Any]) -> Float64[np.ndarray, "n size"]:
    """Maps (n, leads, time) flattened to (n, leads * time) float64.

    Raises
    ------
    InputError
        If the maps have other than three axes, no leads or no samples, or hold nan or infinity.
    """
    if attributions.ndim != 3 or 0 in attributions.shape[1:]:
        raise InputError(f"expected attributions (n, leads, time), got shape {attributions.shape}; give every window leads and samples.")
    bad = np.flatnonzero(~np.isfinite(attributions).all(axis=(1, 2)))
    if bad.size:
        listed = ", ".join(map(str, bad[:MAX_LISTED_WINDOWS])) + (", ..." if bad.size > MAX_LISTED_WINDOWS else "")
        raise InputError(f"expected finite attributions, got nan or infinity in windows {listed}; correct or leave out these maps.")
    count, leads, time = attributions.shape
    flat: Float64[np.ndarray, "n size"] = np.ascontiguousarray(attributions, dtype=np.float64).reshape(count, leads * time)
    return flat


def require_shape(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> None:
    """Refuse an array whose shape does not match the attributions.

    Raises
    ------
    InputError
        If `array` is not of `shape`.
    """
    if array.shape != shape:
        raise InputError(f"expected {name} of shape {shape}, got {array.shape}; give it for the same windows as the attributions.")


def require_choice(name: str, value: str, choices: Iterable[str]) -> None:
    """Refuse an option whose value is not among its choices.

    Raises
    ------
    InputError
        If `value` is not in `choices`.
    """
    known = sorted(choices)
    if value not in known:
        raise InputError(f'expected {name} in {", ".join(known)}, got "{value}"; choose one of them.')


def require_within(name: str, value: int | float, low: int | float, high: int | float = np.inf) -> None:
    """Refuse an option outside its range, both ends included.

    Raises
    ------
    InputError
        If `value` is below `low`, above `high` or nan.
    """
    if not low <= value <= high:
        raise InputError(f"expected {name} from {low} to {high}, got {value}; choose a value in that range.")
