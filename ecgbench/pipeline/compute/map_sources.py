"""Maps that were made elsewhere, in the place of a registered method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ecgbench.types import Attributions


@dataclass(frozen=True)
class Given:
    """A method of which there are maps and no function.

    Attributes
    ----------
    maps : (n, leads, time) signed, of the explained windows, by dataset and seed
    source : what accepted results say of where they come from
    command : what accepts new scores of them
    """

    maps: Mapping[tuple[str, int], Attributions]
    source: Mapping[str, Any]
    command: str
