"""Passes that do not follow what is pooled over a whole window, as squeeze and excitation and z-scores do: it moves all units alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from ecgbench.methods.cam.outputs import NetworkError, Probe

POOLS = frozenset(
    {"mean", "sum", "amax", "amin", "max", "min", "std", "var", "logsumexp", "norm"}
    | {f"adaptive_{kind}_pool{ndim}d" for kind in ("avg", "max") for ndim in (1, 2)}
)
"""Names of the functions that pool."""


def by_place(probe: Probe, x: torch.Tensor) -> Probe | None:
    """The layer's outputs without what pools spread of samples that are not a number; None if none of them spreads any.

    A gate that follows from means over the window multiplies all units alike, so that it says nothing of where a unit stands; but with it
    each unit depends on all samples. Pools of a part of the window, such as a patch, are followed.

    Parameters
    ----------
    x : (1, leads, time)
    """

    def local(rows: torch.Tensor) -> torch.Tensor:
        with _PoolsForgotten():
            return probe(rows)

    hidden = x.clone()
    hidden[..., 0] = torch.nan
    with torch.no_grad(), suppress(NetworkError):
        return None if torch.equal(local(hidden).isnan(), probe(hidden).isnan()) else local
    return None


class _PoolsForgotten(TorchFunctionMode):
    """Puts a number where a pool returned none for a window of which some values are numbers."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Iterable[type], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        found = func(*args, **(kwargs or {}))
        if getattr(func, "__name__", "") in POOLS and args and isinstance(args[0], torch.Tensor):
            first = found[0] if isinstance(found, tuple) else found
            _forget(args[0], first)
        return found


def _forget(pooled: torch.Tensor, found: Any) -> None:
    """Write 1, which can be divided by, in the rows of a pool's result that are no numbers throughout while what was pooled has some."""
    if not isinstance(found, torch.Tensor) or not found.is_floating_point() or not found.ndim or len(found) != len(pooled):
        return
    lost = found.isnan().flatten(1).all(dim=1) if found.ndim > 1 else found.isnan()
    found[lost & ~pooled.isnan().flatten(1).all(dim=1)] = 1
