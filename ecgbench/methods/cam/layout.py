"""Which axis of a layer's output is what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ecgbench.errors import InputError
from ecgbench.printable import shortened

NAMES = ("channels", "leads", "frequency", "time")
"""What an axis of a layer's output can be, beside the first, which is the windows."""


@dataclass(frozen=True)
class Layout:
    """The axes of a layer's output beside the windows.

    Attributes
    ----------
    axes : a name of `NAMES` each, in the output's order
    """

    axes: tuple[str, ...]

    @property
    def time(self) -> int:
        """Number of the axis of time."""
        return 1 + self.axes.index("time")

    def canonical(self, units: torch.Tensor) -> torch.Tensor:
        """Activations, or their gradient, as (n, channels, rows, units); the rows are leads or frequencies, or one."""
        named = {name: 1 + axis for axis, name in enumerate(self.axes)}
        rows = named.get("leads", named.get("frequency"))
        ordered = units.permute(0, named["channels"], *(() if rows is None else (rows,)), named["time"])
        return ordered.unsqueeze(2) if rows is None else ordered

    def by_lead(self, cam: torch.Tensor) -> torch.Tensor:
        """A map (n, rows, units) with a row for each lead, or one for all: frequencies are summed."""
        return cam.sum(dim=1, keepdim=True) if "frequency" in self.axes else cam


def layout_named(text: str, ndim: int) -> Layout:
    """The layout that a user names, such as "time, channels".

    Parameters
    ----------
    text : the axes after the windows, separated by commas
    ndim : how many axes the layer's output has

    Raises
    ------
    InputError
        If it names an axis twice, an unknown one, neither time nor channels, or not as many as the output has.
    """
    axes = tuple(part.strip() for part in text.split(","))
    known = set(axes) <= set(NAMES) and {"time", "channels"} <= set(axes) and not {"leads", "frequency"} <= set(axes)
    if not known or len(set(axes)) != len(axes) or len(axes) != ndim - 1:
        raise InputError(
            f"expected layer_layout as the {ndim - 1} axes of the layer's output after the windows, channels and time among them and leads "
            f'or frequency where there is a third, such as "channels, time", got "{shortened(text)}"; name each axis once.'
        )
    return Layout(axes)


def layout_of(time: int, rows_are_leads: bool, ndim: int) -> Layout:
    """The layout of an output whose axis of time is known: channels stand first, or last where time stands first.

    Parameters
    ----------
    time : number of the axis, from 1
    rows_are_leads : whether the third axis, if there is one, is the leads
    ndim : 3 or 4
    """
    rest: Sequence[str] = ["channels"] if ndim == 3 else ["channels", "leads" if rows_are_leads else "frequency"]
    names = list(reversed(rest)) if time == 1 else list(rest)
    names.insert(time - 1, "time")
    return Layout(tuple(names))
