"""The arrays that `ecgbench.score` takes, each checked against the maps that it belongs to."""

from __future__ import annotations

from typing import Any

import numpy as np

from ecgbench.errors import InputError
from ecgbench.inputs import as_array, as_windows, finite
from ecgbench.types import CORE, RHYTHM


def checked_maps(attributions: Any) -> np.ndarray:
    """Attributions (n, leads, time) of floats."""
    maps = as_array(attributions)
    if maps.ndim != 3 or maps.dtype.kind != "f":
        raise InputError(f"expected attributions of floats (n, leads, time), got {maps.dtype} {maps.shape}; reshape them, one is a[None].")
    return maps


def fitting(name: str, values: Any, maps: np.ndarray, kind: str) -> np.ndarray:
    """An array of the maps' shape whose values are of a kind: "b", "f" or "u"."""
    array, wanted = as_array(values), {"b": "bool", "f": "floats", "u": "uint8"}[kind]
    if array.shape != maps.shape or array.dtype.kind != kind:
        raise InputError(f"expected {name} of {wanted} {maps.shape}, as the attributions, got {array.dtype} {array.shape}; convert it.")
    return array


def windows(values: Any, maps: np.ndarray) -> np.ndarray:
    """The windows x (n, leads, time) of the maps."""
    return fitting("x", as_windows("x", values, least=0), maps, "f")


def twins(name: str, values: Any, maps: np.ndarray) -> np.ndarray:
    """Twins, shams or donors (n, leads, time), each finite or nan throughout."""
    found = fitting(name, values, maps, "f")
    has = ~np.isnan(found).all(axis=(1, 2))
    finite(name, np.where(has[:, None, None], found, 0))
    return found


def regions(values: Any, maps: np.ndarray) -> np.ndarray:
    """The region of each sample."""
    found = fitting("regions", values, maps, "u")
    if found.size and found.max() > RHYTHM:
        raise InputError(f"expected regions 0, {CORE} and {RHYTHM}, got {found.max()}; see `ecgbench.types`.")
    return found


def further_maps(values: Any, maps: np.ndarray) -> np.ndarray:
    """Further maps (n, any number, leads, time) of the same windows."""
    further = as_array(values)
    if further.ndim != 4 or (len(further), *further.shape[2:]) != maps.shape or further.dtype.kind != "f":
        n, *size = maps.shape
        raise InputError(
            f"expected further of floats ({n}, any number, {', '.join(map(str, size))}), got {further.dtype} {further.shape}; give maps of "
            "the same windows."
        )
    return further


def other_maps(values: Any, maps: np.ndarray) -> np.ndarray:
    """Maps (n, models, leads, time) of the same windows by other trainings."""
    others = as_array(values)
    fits = others.ndim == 4 and others.dtype.kind == "f" and others.shape[1] and (len(others), *others.shape[2:]) == maps.shape
    if not fits:
        wanted = f"({len(maps)}, models, {', '.join(map(str, maps.shape[1:]))})"
        raise InputError(f"expected other_maps of floats {wanted}, got {others.dtype} {others.shape}; stack the models' maps on axis 1.")
    return finite("other_maps", others)


def rate(fs: Any) -> float:
    """A sampling rate in Hz."""
    if isinstance(fs, bool) or not isinstance(fs, int | float | np.integer | np.floating) or not 0 < fs < np.inf:
        raise InputError(f"expected fs as a sampling rate in Hz above 0, got {fs!r}; name the one of x.")
    return float(fs)
