"""Controls: maps that show what a metric rewards, made without the model but for bounds that declare it. One file per control."""

from __future__ import annotations

from ecgbench.controls._registry import CONTROLS, ControlEntry, Scene, control_maps
from ecgbench.registry import make_callable

__all__ = ["CONTROLS", "ControlEntry", "Scene", "control_maps"]

make_callable(__name__, CONTROLS)
