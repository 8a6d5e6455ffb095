"""Baselines: what a method compares a window with, and what a metric puts in the place of samples that it takes away."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from ecgbench.errors import InputError
from ecgbench.inputs import as_array
from ecgbench.printable import shortened
from ecgbench.randomness import window_generator
from ecgbench.types import Rows

ZERO, MEAN, NOISE = "zero", "mean", "noise"
"""A flat line at 0; each window's own mean of each lead; white noise that is low beside the window."""

NOISE_SHARE = 0.1
"""Standard deviation of the noise, as a share of that of the window's lead."""


Baselines = Float[np.ndarray, "_ leads time"]
"""One for each window, or a single one for all."""


def baseline_windows(baseline: Any, x: Rows) -> Baselines:
    """The baseline of windows x (n, leads, time), in their unit and precision.

    Parameters
    ----------
    baseline : "zero", "mean" or "noise" (see above; a window's noise follows from its values alone), or windows (leads, time) or
        (n, leads, time)

    Returns
    -------
    (n, leads, time), or (1, leads, time) where all windows have the same

    Raises
    ------
    InputError
        If it is none of these, or not finite.
    """
    if not isinstance(baseline, str):
        return _given(baseline, x)
    if baseline == ZERO:
        return np.zeros_like(x[:1])
    if baseline == MEAN:
        mean: Baselines = x.mean(axis=2, keepdims=True).repeat(x.shape[2], axis=2)
        return mean
    if baseline == NOISE:
        drawn = np.stack([window_generator(0, window, "baseline").standard_normal(window.shape) for window in x])
        noise: Baselines = (NOISE_SHARE * x.std(axis=2, keepdims=True) * drawn).astype(x.dtype)
        return noise
    raise InputError(
        f'expected baseline "{ZERO}", "{MEAN}", "{NOISE}" or windows (leads, time) or (n, leads, time), got "{shortened(baseline)}"; '
        "choose one of these."
    )


def of_part(baseline: Any, x: Rows, part: slice) -> Any:
    """The baseline of a part of the windows x: of given ones those of the part, since a name says what to make of any windows."""
    if isinstance(baseline, str):
        return baseline
    given = _given(baseline, x)
    return given if len(given) == 1 else given[part]


def given_windows(name: str, given: Any, leads: int, time: int) -> np.ndarray:
    """Windows (m, leads, time) that a caller gives, as an array of their own.

    Parameters
    ----------
    name : what an error calls them

    Raises
    ------
    InputError
        If they are not finite windows of this shape.
    """
    windows = _copied(name, given, leads, time)
    if windows.ndim != 3 or not len(windows) or windows.shape[1:] != (leads, time):
        raise InputError(f"expected {name} (m, {leads}, {time}), got {windows.shape}; cut it like the windows.")
    if windows.dtype.kind not in "fiu" or not np.isfinite(windows).all():
        raise InputError(f"expected {name} of finite numbers, got {windows.dtype} with others; leave those windows out.")
    return windows


def _copied(name: str, given: Any, leads: int, time: int) -> np.ndarray:
    try:
        return np.array(as_array(given))
    except ValueError as error:
        raise InputError(f"expected {name} (m, {leads}, {time}), got lists of several lengths; cut it like the windows.") from error


def _given(baseline: Any, x: Rows) -> Baselines:
    n, leads, time = x.shape
    one_or_more = _copied("a baseline", baseline, leads, time)
    windows = given_windows("a baseline", one_or_more[None] if one_or_more.ndim == 2 else one_or_more, leads, time)
    if len(windows) not in (1, n):
        raise InputError(f"expected one baseline for each of {n} windows, or one for all, got {len(windows)}; give as many.")
    return windows.astype(x.dtype)
