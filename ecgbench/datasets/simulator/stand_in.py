"""Simulated stand-ins for databases: how large one is, what writes it, and the file that marks it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ecgbench.protocol import DatasetProtocol

SIMULATED = "SIMULATED"
"""File that marks a simulated database."""


@dataclass(frozen=True)
class SimulatedSize:
    """How much of a database is simulated; None is the dataset's own small number.

    Attributes
    ----------
    records : number of records, where it is not given by the split
    windows : windows a record
    seed : of the simulation
    """

    records: int | None = None
    windows: int | None = None
    seed: int = 0


Simulate = Callable[[Path, DatasetProtocol, SimulatedSize], None]
"""Writes a simulated stand-in for a database into its folder `<slug>/<version>/`."""


def is_simulated(folder: Path) -> bool:
    """Whether the records in a database's folder come from the simulator."""
    return (folder / SIMULATED).exists()
