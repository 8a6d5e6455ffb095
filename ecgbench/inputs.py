"""Checks of what a caller passes, said once for everything that is called from outside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ecgbench.errors import InputError, UnknownKeyError
from ecgbench.printable import shortened
from ecgbench.protocol import PROTOCOLS, STUDY
from ecgbench.registry import unknown


def as_array(values: Any) -> np.ndarray:
    """An array or a torch tensor, wherever it lies, as an array."""
    return np.asarray(values.detach().cpu() if hasattr(values, "detach") else values)


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


def as_targets(target: Any, count: int) -> np.ndarray:
    """An int or `count` ints as (count,) int64.

    Raises
    ------
    InputError
        If it is neither.
    """
    targets = as_array(target)
    if targets.dtype.kind not in "iu" or targets.shape not in ((), (count,)):
        raise InputError(
            f"expected target as an int or ({count},) ints, got {targets.dtype} {targets.shape}; name a class for each window."
        )
    return np.broadcast_to(targets.astype(np.int64), (count,))


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
