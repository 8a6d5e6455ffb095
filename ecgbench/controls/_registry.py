"""The registry of controls, what a control is given, and the one way to make its maps."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from ecgbench.errors import InputError
from ecgbench.registry import Entry, Registry
from ecgbench.types import Attributions, Signals, Targets, Windows

Integrate = Callable[[Signals], Attributions]
"""From where ways to the windows begin, (n, leads, time), to maps."""


@dataclass(frozen=True)
class Scene:
    """What a control may look at: everything but the model, which only a bound that declares it sees.

    Attributes
    ----------
    windows : the explained windows
    target : (n,) their explained class
    train : windows of the training side
    fs : sampling rate in Hz
    integrate : integrated gradients of the explained classes on the way from other signals, standardised as the windows, to these;
        None unless the control declares that it sees the model
    """

    windows: Windows
    target: Targets
    train: Windows
    fs: float
    integrate: Integrate | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Windows, leads and samples of the maps."""
        n, leads, time = self.windows.signal.shape
        return n, leads, time


@dataclass(frozen=True, repr=False)
class ControlEntry(Entry):
    """What a control declares.

    A control is a function of a `Scene` that returns maps (n, leads, time) of floats, none of them negative, so that their absolute values
    are no second variant; those of a bound that sees the model may be signed, and are scored as they are.

    Attributes
    ----------
    title : what its maps do, in a few words
    mask : kind of the mask that a dataset must have for it ("spans", "causal"); empty if none
    bound : whether it knows the answer, and so is an upper bound instead of something to be beaten
    twin : whether a dataset must have counterfactual twins for it
    sees_model : whether it looks at the model, as only a bound may: it shows what is possible, not what is trivial
    """

    title: str
    mask: str = ""
    bound: bool = False
    twin: bool = False
    sees_model: bool = False

    def __post_init__(self) -> None:
        if self.sees_model and not self.bound:
            raise InputError(f"expected {self.key} to be a bound, since it sees the model, got none; declare bound=True or leave it blind.")

    def applies(self, mask_kinds: Collection[str], twins: bool) -> bool:
        """Whether a dataset with masks of these kinds, and with or without twins, has it."""
        return (not self.mask or self.mask in mask_kinds) and (twins or not self.twin)


CONTROLS = Registry("controls", ControlEntry, "ecgbench.controls")


def control_maps(control: str, scene: Scene) -> Attributions:
    """Maps (n, leads, time) float32 of a control.

    Raises
    ------
    UnknownKeyError
        If there is no such control.
    InputError
        If the control returns something else than finite maps of the windows' shape without negative values (signed ones of a bound that
        sees the model).
    """
    entry = CONTROLS[control]
    returned: Any = entry.function(scene)
    maps = np.asarray(returned, dtype=np.float32)
    if maps.shape != scene.shape or not np.isfinite(maps).all() or ((maps < 0).any() and not entry.sees_model):
        least, most = np.min(maps, initial=np.inf), np.max(maps, initial=-np.inf)
        raise InputError(
            f"expected finite maps {scene.shape} without negative values from {control}, got {maps.shape}, from {least:g} to {most:g}; "
            "return one value for each sample."
        )
    return maps
