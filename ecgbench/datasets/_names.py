"""Long lists of names in messages and notes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

MAX_LISTED = 5
"""Most names that are listed, unless the caller says otherwise."""


def abbreviated(names: Sequence[Any], most: int = MAX_LISTED) -> str:
    """The names, comma-separated, cut after the first `most` of them."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(str(name) for name in names[:most]) + more


def both_ends(names: Sequence[str], most: int = MAX_LISTED) -> str:
    """The names, comma-separated; of many, only the first and the last `most`."""
    if len(names) <= 2 * most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} ... {', '.join(names[-most:])} ({len(names)} records)"
