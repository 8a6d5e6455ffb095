"""`plot`: a window on ECG paper, with maps over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float

from ecgbench.errors import InputError
from ecgbench.inputs import as_array, rate_of
from ecgbench.leaderboard.figures.paper.layout import rows_of
from ecgbench.leaderboard.figures.paper.sheet import DEVIATIONS, GAINS, MILLIVOLTS, Sheet
from ecgbench.leaderboard.figures.paper.stack import Strip, stacked

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLOSE = 1e-2
"""How near to mean 0 and standard deviation 1 every lead of a standardised window is."""


def plot(
    x: Any,
    maps: Any = None,
    fs: float | None = None,
    leads: Sequence[str] | None = None,
    spans: Any = None,
    title: str | None = None,
    unit: str | None = None,
) -> Figure:
    """Draw a window on ECG paper, to scale: 25 mm/s and 10 mm/mV when the figure is saved in its own size.

    The 12 standard leads stand as on paper, a quarter of the window each and lead II whole below; other leads stand below each other.
    What speaks for the class is warm, what speaks against it cool; each map's scale ends at the 99th percentile of its absolute values.

    Parameters
    ----------
    x : (leads, time) or (time,), mV or standardised
    maps : a map of x's shape, or several by name, which are drawn below each other
    fs : sampling rate in Hz, which must be given
    leads : names of the leads; by default "lead 1" and so on
    spans : (k, 2) or more columns of ints, onset and offset (exclusive) in samples, or a mask of x's shape; drawn as bars
    title : above all
    unit : "mV" or "standard deviations"; by default the second where every lead has mean 0 and standard deviation 1

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    InputError
        If a shape, the rate, a lead's name or the unit does not fit.
    """
    signal = _signal(x)
    named = _maps(maps, signal)
    sheet = Sheet(signal, rate_of(fs), _unit(unit, signal), rows_of(signal, _leads(leads, len(signal))), _marks(spans, signal))
    return stacked([Strip(sheet, values, name) for name, values in named.items()], title or "")


def _signal(x: Any) -> Float[np.ndarray, "leads time"]:
    given = as_array(x)
    signal = given[None] if given.ndim == 1 else given
    if signal.ndim != 2 or not signal.size or signal.dtype.kind not in "fiu" or not np.isfinite(signal).all():
        raise InputError(f"expected x as finite numbers (leads, time), got {given.dtype} {given.shape}; pass one window, such as x[0].")
    return signal.astype(np.float64)


def _maps(maps: Any, signal: Float[np.ndarray, "leads time"]) -> dict[str, Float[np.ndarray, "leads time"] | None]:
    if maps is None:
        return {"": None}
    named = maps if isinstance(maps, Mapping) else {"": maps}
    found: dict[str, Float[np.ndarray, "leads time"] | None] = {}
    for name, values in named.items():
        given = as_array(values)
        shaped = given[None] if given.ndim == 1 else given
        if shaped.shape != signal.shape or shaped.dtype.kind not in "fiub" or not np.isfinite(shaped).all():
            of = f' of "{name}"' if name else ""
            raise InputError(f"expected a finite map{of} {signal.shape}, as x, got {given.dtype} {given.shape}; pass the window's own map.")
        found[str(name)] = shaped.astype(np.float64)
    if not found:
        raise InputError("expected a map or several by name, got none; leave maps out to draw the ECG alone.")
    return found


def _unit(unit: str | None, signal: Float[np.ndarray, "leads time"]) -> str:
    if unit is None:
        standardised = np.abs(signal.mean(axis=1)).max() < CLOSE and np.abs(signal.std(axis=1) - 1).max() < CLOSE
        return DEVIATIONS if standardised else MILLIVOLTS
    if unit not in GAINS:
        raise InputError(f'expected unit {" or ".join(GAINS)}, got "{unit}"; convert x to one of these.')
    return unit


def _leads(leads: Sequence[str] | None, count: int) -> list[str]:
    names = [f"lead {number}" for number in range(1, count + 1)] if leads is None else [str(name) for name in leads]
    if len(names) != count:
        raise InputError(f"expected names of {count} leads, got {len(names)}; name each lead of x.")
    return names if count > 1 or leads is not None else [""]


def _marks(spans: Any, signal: Float[np.ndarray, "leads time"]) -> Bool[np.ndarray, "leads time"]:
    marks = np.zeros(signal.shape, dtype=bool)
    if spans is None:
        return marks
    given = as_array(spans)
    if given.dtype.kind == "b" and given.shape in (signal.shape, signal.shape[1:]):
        return np.broadcast_to(given, signal.shape)
    if given.size and (given.ndim != 2 or given.shape[1] < 2 or given.dtype.kind not in "iu"):
        raise InputError(f"expected spans as (k, 2) ints or a mask {signal.shape}, got {given.dtype} {given.shape}; pass one of these.")
    for onset, offset in given.reshape(-1, given.shape[1] if given.ndim == 2 else 2)[:, :2].tolist():
        marks[:, onset:offset] = True
    return marks
