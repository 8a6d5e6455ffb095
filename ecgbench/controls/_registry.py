"""The registry of controls, what a control is given, and the one way to make its maps."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from ecgbench.errors import InputError
from ecgbench.registry import Entry, Registry
from ecgbench.types import Attributions, Targets, Windows


@dataclass(frozen=True)
class Scene:
    """What a control may look at: everything but the model.

    Attributes
    ----------
    windows : the explained windows
    target : (n,) their explained class
    train : windows of the training side
    fs : sampling rate in Hz
    """

    windows: Windows
    target: Targets
    train: Windows
    fs: float

    @property
    def shape(self) -> tuple[int, int, int]:
        """Windows, leads and samples of the maps."""
        n, leads, time = self.windows.signal.shape
        return n, leads, time


@dataclass(frozen=True)
class ControlEntry(Entry):
    """What a control declares.

    A control is a function of a `Scene` that returns maps (n, leads, time) of floats, none of them negative, so that their absolute values
    are no second variant.

    Attributes
    ----------
    title : what its maps do, in a few words
    mask : kind of the mask that a dataset must have for it ("spans", "causal"); empty if none
    bound : whether it knows the answer, and so is an upper bound instead of something to be beaten
    """

    title: str
    mask: str = ""
    bound: bool = False

    def applies(self, mask_kinds: Collection[str]) -> bool:
        """Whether a dataset with masks of these kinds has it."""
        return not self.mask or self.mask in mask_kinds


CONTROLS = Registry("controls", ControlEntry, "ecgbench.controls")


def control_maps(control: str, scene: Scene) -> Attributions:
    """Maps (n, leads, time) float32 of a control.

    Raises
    ------
    UnknownKeyError
        If there is no such control.
    InputError
        If the control returns something else than finite maps of the windows' shape without negative values.
    """
    returned: Any = CONTROLS[control].function(scene)
    maps = np.asarray(returned, dtype=np.float32)
    if maps.shape != scene.shape or not np.isfinite(maps).all() or (maps < 0).any():
        least, most = np.min(maps, initial=np.inf), np.max(maps, initial=-np.inf)
        raise InputError(
            f"expected finite maps {scene.shape} without negative values from {control}, got {maps.shape}, from {least:g} to {most:g}; "
            "return one value for each sample."
        )
    return maps
