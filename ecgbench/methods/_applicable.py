"""Which methods apply to a network, why the others don't, and what each costs: every one of them is tried on two windows."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgbench.errors import EcgbenchError, InputError
from ecgbench.inputs import as_array, as_targets, as_windows
from ecgbench.methods._explain import explanation, options_of, prepared
from ecgbench.methods._promises import map_info
from ecgbench.methods._registry import FORWARD_SHARE, METHODS, MethodEntry
from ecgbench.printable import quoted, shortened

if TYPE_CHECKING:
    import pandas as pd
    import torch

TRIED = 2
"""Windows that every method is tried on."""

MOST_PASSES = 100.0
"""Passes a window that a trial takes: a method that draws more often by default is tried with fewer draws, two at least."""

TIMED = 8
"""Rows of the pass whose time is taken, since a batch takes less than as many single windows."""

SHOWN = 80
"""Characters of a reason that the printed table shows."""


@dataclass(frozen=True)
class Applicability:
    """What one method does on one network.

    Attributes
    ----------
    method : its key
    applies : whether it returned maps
    reason : why it does not apply; where it does, what its maps are to be looked at for, such as sums that are not met. Empty if nothing is
    passes : forward and backward passes a window with the method's defaults; a forward pass alone counts as 0.4
    seconds : these passes times the time of one on this machine, for one window; an estimate
    sum_error : largest abs(sum - total) / abs(total) of the tried maps; None if the method promises no total or does not apply
    """

    method: str
    applies: bool
    reason: str
    passes: float
    seconds: float
    sum_error: float | None


class MethodTable(tuple[Applicability, ...]):
    """A row for each method in alphabetical order; it prints itself as a table."""

    __slots__ = ()

    def table(self) -> pd.DataFrame:
        """The rows with what `Applicability` says of each, the methods as the index."""
        import pandas as pd

        return pd.DataFrame([asdict(row) for row in self]).set_index("method")

    def __repr__(self) -> str:
        from tabulate import tabulate

        header = ["method", "applies", "passes", "s a window", "sum error", "reason"]
        return tabulate([_cells(row) for row in self], header, disable_numparse=True, colalign=["left", "left", *["right"] * 3, "left"])


def methods_for(model: torch.nn.Module, x: Any, target: Any = None, normal_windows: Any = None, device: str | None = None) -> MethodTable:
    """Which methods apply to a network, why the others don't, and what each costs.

    Every method is tried on the first two windows with its defaults, but with fewer draws where these would take more than `MOST_PASSES`
    passes a window: what is shown are refusals, warnings and costs, not how good a method is.

    Parameters
    ----------
    model, x, normal_windows, device : as for `ecgbench.explain`
    target : the explained class, an int or (n,) ints; default the class that the model predicts for each window

    Returns
    -------
    A tuple of `Applicability`, one for each method, with `table()` for a DataFrame

    Raises
    ------
    InputError
        If the model or x is nothing that any method could explain.
    """
    given_windows = as_windows("x", x)
    windows = given_windows[:TRIED]
    predicted, seconds = _asked(model, windows, device)
    targets = predicted if target is None else as_targets(target, len(given_windows))[:TRIED]
    given = {"normal_windows": normal_windows, "device": device}
    return MethodTable(_tried(entry, model, windows, targets, seconds, given) for entry in METHODS)


def _asked(model: torch.nn.Module, windows: np.ndarray, device: str | None) -> tuple[np.ndarray, float]:
    """The predicted class of each window (n,), and the seconds that a forward and backward pass of a window takes."""
    import torch

    from ecgbench.model_calls import check_own_logits
    from ecgbench.nn import logits_of

    with prepared(model, device) as place, torch.no_grad():
        (rows,) = place(windows)
        check_own_logits(model, rows)
        logits = as_array(logits_of(model, rows.clone()))
        many = rows.repeat(TIMED // len(rows), 1, 1)
        began = time.perf_counter()
        as_array(model(many))
        took = (time.perf_counter() - began) / len(many)
    if not np.isfinite(logits).all():
        raise InputError("expected finite logits, got nan or infinity; look at the model's weights and inputs.")
    return logits.argmax(axis=1).astype(np.int64), took / FORWARD_SHARE


def _tried(
    entry: MethodEntry, model: torch.nn.Module, windows: np.ndarray, targets: np.ndarray, seconds: float, given: dict[str, Any]
) -> Applicability:
    passes = entry.passes_of(windows.shape[2], {})
    chosen = _few_draws(entry, windows.shape[2])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what libraries say of their own
            found = explanation(model, windows, targets, entry.key, **given, **chosen)
        info = map_info(entry, found, options_of(entry, given=chosen))
    except EcgbenchError as error:
        return Applicability(entry.key, False, str(error), passes, passes * seconds, None)
    except RuntimeError as error:  # what torch raises of operations that have no gradient, of memory, and of its own limits
        return Applicability(entry.key, False, f"{type(error).__name__}: {quoted(str(error))}", passes, passes * seconds, None)
    off = None if info.sum_error is None else float(info.sum_error.max())
    return Applicability(entry.key, True, " ".join(info.warnings), passes, passes * seconds, off)


def _few_draws(entry: MethodEntry, samples: int) -> dict[str, Any]:
    """The option that multiplies a stochastic method's cost, where the default is beyond what a trial may cost; even, as some ask for."""
    if not entry.per or not entry.stochastic or entry.passes_of(samples, {}) <= MOST_PASSES:
        return {}
    return {entry.per: max(2, int(MOST_PASSES / entry.passes_of(samples, {entry.per: 1})) // 2 * 2)}


def _cells(row: Applicability) -> Iterator[str]:
    yield from (row.method, "yes" if row.applies else "no", f"{row.passes:g}", f"{row.seconds:.2g}")
    yield "" if row.sum_error is None else f"{row.sum_error:.1g}"
    yield shortened(row.reason, SHOWN)
