"""How a trial says what an entry does not keep."""

from __future__ import annotations

from typing import Any

from ecgbench.errors import EntryError
from ecgbench.registry import Keyed


def require(holds: Any, entry: Keyed, expected: str, got: Any, remedy: str) -> None:
    """Refuse an entry unless something holds.

    Parameters
    ----------
    expected : what every entry of its kind has or does
    got : what came instead
    remedy : what its author has to do

    Raises
    ------
    EntryError
        If it does not hold.
    """
    if not holds:
        raise EntryError(f"expected of {entry.key}: {expected}, got {got}; {remedy}.")
