"""Checks of what a caller passes, said once for everything that is called from outside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ecgbench.errors import InputError, UnknownKeyError
from ecgbench.printable import shortened
from ecgbench.protocol import PROTOCOLS, STUDY
from ecgbench.registry import unknown


def as_array(values: Any) -> np.ndarray:
    """An array or a torch tensor, wherever it lies and whether or not it has a gradient, as an array."""
    if not hasattr(values, "detach"):
        return np.asarray(values)
    here = values.detach().cpu()
    return np.asarray(here.float() if str(here.dtype) == "torch.bfloat16" else here)


def as_windows(name: str, values: Any, least: int = 1) -> np.ndarray:
    """Windows (n, leads, time) of floats, all finite.

    Parameters
    ----------
    values : an array or tensor (n, leads, time), a list of windows (leads, time), or batches: a list of arrays (n, leads, time), or what
        yields them, such as a DataLoader, whose batches may hold more behind the windows. Whole numbers are taken if float32 has them
    least : how many there must be

    Raises
    ------
    InputError
        If they are something else.
    """
    windows = _gathered(name, values)
    if windows.dtype.kind in "iu" and (np.abs(windows.astype(np.float64)) <= 2**24).all():
        windows = windows.astype(np.float32)
    if windows.ndim != 3 or len(windows) < least or windows.dtype.kind != "f":
        raise InputError(
            f"expected {name} of floats (n, leads, time), got {windows.dtype} {windows.shape}; reshape it, one window is {name}[None]."
        )
    return finite(name, windows)


def _gathered(name: str, values: Any) -> np.ndarray:
    """One array of an array, a tensor, or the batches that something holds or yields."""
    if hasattr(values, "detach") or hasattr(values, "__array__"):
        return as_array(values)
    if not isinstance(values, Iterable) or isinstance(values, str | bytes | Mapping):
        return np.asarray(values)
    parts = [as_array(part[0] if isinstance(part, list | tuple) and hasattr(part[0], "shape") else part) for part in values]
    try:
        return np.concatenate(parts) if parts and parts[0].ndim == 3 else np.stack(parts) if parts else np.empty(0)
    except ValueError as error:
        raise InputError(f"expected {name} of windows of one shape, got others beside {parts[0].shape}; cut them alike.") from error


def finite(name: str, windows: np.ndarray) -> np.ndarray:
    """The array (n, leads, time), if all its values are finite.

    Raises
    ------
    InputError
        If one is not.
    """
    broken = np.flatnonzero(~np.isfinite(windows).all(axis=(1, 2)))
    if broken.size:
        raise InputError(f"expected finite {name}, got nan or infinity in windows {broken.tolist()[:10]}; leave these out.")
    return windows


def as_targets(target: Any, count: int, classes: Sequence[str] | None = None) -> np.ndarray:
    """An int or `count` ints, or names out of `classes` in their place, as (count,) int64.

    Raises
    ------
    InputError
        If it is neither.
    """
    targets = as_array(target)
    if targets.dtype.kind in "UO" and classes is not None and targets.size:
        targets = _numbers(targets, list(classes))
    if targets.dtype.kind not in "iu" or targets.shape not in ((), (count,)):
        how = "; give the names of all outputs as classes." if targets.dtype.kind in "UO" else "; name a class for each window."
        raise InputError(f"expected target as an int or ({count},) ints, got {targets.dtype} {targets.shape}{how}")
    return np.broadcast_to(targets.astype(np.int64), (count,))


def _numbers(names: np.ndarray, classes: list[str]) -> np.ndarray:
    for name in names.flat:
        if name not in classes:
            raise InputError(
                f'expected target among {", ".join(map(str, classes))}, got "{shortened(str(name))}"; name one of the classes.'
            )
    return np.array([classes.index(name) for name in names.flat], dtype=np.int64).reshape(names.shape)


def at_least(name: str, value: Any, least: int = 1, most: int | None = None) -> int:
    """The value, if it is a whole number from `least` on, and up to `most` where there is one.

    Raises
    ------
    InputError
        If it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InputError(f"expected {name} as a whole number from {least} on, got {value!r}; name another.")
    if most is not None and value > most:
        raise InputError(f"expected {name} as a whole number up to {most}, got {shortened(str(value))}; name another.")
    return int(value)


def known_protocol(protocol: str) -> str:
    """The protocol, if there is one of that name.

    Raises
    ------
    InputError
        If there is none.
    """
    if protocol not in PROTOCOLS:
        raise InputError(f'expected protocol {" or ".join(PROTOCOLS)}, got "{protocol}"; choose one of these.')
    return protocol


def protocol_options(study: Mapping[str, Any], protocol: str) -> dict[str, Any]:
    """Options that a protocol sets: the entry's study options under "study", none under "ours"."""
    return dict(study) if known_protocol(protocol) == STUDY else {}


def known_options(key: str, options: Mapping[str, Any], known: Iterable[str]) -> Mapping[str, Any]:
    """The options, if an entry knows them all.

    Raises
    ------
    UnknownKeyError
        If it does not know one.
    """
    names = list(known)
    for name in options:
        if name not in names:
            raise UnknownKeyError(unknown(f"options of {key}", name, names))
    return options


def rate_of(fs: Any) -> float:
    """The sampling rate in Hz, if it is one.

    Raises
    ------
    InputError
        If it is not.
    """
    if isinstance(fs, bool) or not isinstance(fs, int | float | np.integer | np.floating) or not 0 < fs < np.inf:
        raise InputError(f"expected fs as a sampling rate in Hz above 0, got {fs!r}; name the one of x.")
    return float(fs)
