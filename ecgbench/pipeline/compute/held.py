"""What a run remembers, and what it lets go when it turns to other maps.

Maps are large: those of all explained windows of ptbxl at 100 Hz take 105 MB a source. Cells on the same maps stand together, so a run
holds the maps of one source, model and seed, the windows and models of one dataset and architecture (of all its seeds, which metrics may
compare), and one dataset. What is let go lies in the store. Scores, choices and whatever else is small stay.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from ecgbench.pipeline.grid.address import MapsAddress, ModelAddress

Key = tuple[Hashable, ...]

TURN: Key = ("turn",)
"""Under which key stands what the run is at."""

OF_ARCHITECTURE = ("subject", "explained", "model", "outputs")
"""First parts of the keys of what is about models; the second part says about which."""


def turn_to(held: dict[Key, Any], of: ModelAddress, maps: MapsAddress | None = None) -> None:
    """Let go what is large and about other datasets, architectures or maps than those of a model."""
    if held.get(TURN) == (of, maps):
        return
    held[TURN] = of, maps
    for key in [key for key in held if not _stays(key, of, maps)]:
        del held[key]


def _stays(key: Key, of: ModelAddress, maps: MapsAddress | None) -> bool:
    kind = key[0]
    about: Any = key[1] if len(key) > 1 else None
    if kind == "maps":
        return bool(about == maps)
    if kind == "dataset":
        return bool(about == of.dataset)
    return kind not in OF_ARCHITECTURE or (about.dataset, about.model) == (of.dataset, of.model)
