"""What every metric asks of its arguments, checked in one place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from jaxtyping import Float64
from numpy.typing import NDArray

from ecgbench.errors import InputError

NAMED_WINDOWS = 8
"""Windows that a message names at most."""


def flat_maps(attributions: NDArray[Any]) -> Float64[np.ndarray, "n size"]:
    """Maps (n, leads, time) as float64 rows of all their values.

    Raises
    ------
    InputError
        If the maps have another number of axes, are empty or hold a value that is not finite.
    """
    if attributions.ndim != 3 or 0 in attributions.shape[1:]:
        raise InputError(f"expected attributions (n, leads, time), got shape {attributions.shape}; give every window leads and samples.")
    bad = np.flatnonzero(~np.isfinite(attributions).all(axis=(1, 2)))
    if bad.size:
        named = ", ".join(map(str, bad[:NAMED_WINDOWS])) + (", ..." if bad.size > NAMED_WINDOWS else "")
        raise InputError(f"expected finite attributions, got nan or infinity in windows {named}; mend or leave out these maps.")
    count, leads, time = attributions.shape
    flat: Float64[np.ndarray, "n size"] = np.ascontiguousarray(attributions, dtype=np.float64).reshape(count, leads * time)
    return flat


def require_shape(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> None:
    """Refuse an array that doesn't belong to the attributions.

    Raises
    ------
    InputError
        If `array` is not of `shape`.
    """
    if array.shape != shape:
        raise InputError(f"expected {name} of shape {shape}, got {array.shape}; give it for the same windows as the attributions.")


def require_choice(name: str, value: str, choices: Iterable[str]) -> None:
    """Refuse an option that is none of its choices.

    Raises
    ------
    InputError
        If `value` is not in `choices`.
    """
    known = sorted(choices)
    if value not in known:
        raise InputError(f'expected {name} in {", ".join(known)}, got "{value}"; choose one of them.')


def require_within(name: str, value: int | float, low: int | float, high: int | float = np.inf) -> None:
    """Refuse an option out of its range; both ends belong to it.

    Raises
    ------
    InputError
        If `value` is below `low`, above `high` or nan.
    """
    if not low <= value <= high:
        raise InputError(f"expected {name} from {low} to {high}, got {value}; choose a value in that range.")
